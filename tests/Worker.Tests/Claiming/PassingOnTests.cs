using JobRunner.Storage;
using JobRunner.TestSupport;

namespace JobRunner.Worker.Tests;

/// <summary>When a worker calls others.</summary>
public sealed class PassingOnTests
{
    readonly SetTime _time = new();
    readonly List<int> _calls = [];
    readonly Fleet _fleet;
    readonly PassingOn _passingOn;

    public PassingOnTests()
    {
        var faults = new StoreFaults
        {
            Before = (operation, arguments) =>
            {
                if (operation == nameof(IWorkQueue.CallAsync))
                    _calls.Add((int)arguments[0]!);
                return null;
            },
        };
        _fleet = new(_time);
        _fleet.See(new(100, 0));
        _passingOn = new(faults.Around(WorkerHost.NewInMemoryStore()).Queue, _fleet, _time);
    }

    [Fact]
    public async Task Who_has_seen_jobs_and_is_full_calls_and_who_was_called_does_not()
    {
        await _passingOn.RoundEndedAsync(mayWait: true);
        _calls.ShouldBeEmpty("it has only heard of them");

        _passingOn.Saw();
        await _passingOn.RoundEndedAsync(mayWait: false);
        _calls.ShouldBeEmpty("it took them all");

        _passingOn.Saw();
        await _passingOn.RoundEndedAsync(mayWait: true);
        _calls.Count.ShouldBe(1);
        Called(_calls[0]).ShouldBe(5, "a twentieth");
        await _passingOn.RoundEndedAsync(mayWait: true);
        _calls.Count.ShouldBe(1, "once for what it saw");
    }

    [Fact]
    public async Task Who_leaves_jobs_of_methods_that_it_has_no_use_for_calls()
    {
        _passingOn.Saw();
        _passingOn.Left();
        await _passingOn.RoundEndedAsync(mayWait: false);

        _calls.Count.ShouldBe(1);
    }

    [Fact]
    public async Task It_calls_a_few_times_a_second_at_most()
    {
        for (var i = 0; i < 1000; i++)
        {
            _passingOn.Saw();
            await _passingOn.RoundEndedAsync(mayWait: true);
            _time.Now += TimeSpan.FromMilliseconds(1);
        }

        _calls.Count.ShouldBe(4);
    }

    [Fact]
    public async Task Who_is_alone_calls_nobody()
    {
        _fleet.See(new(1, 0));
        _passingOn.Saw();
        await _passingOn.RoundEndedAsync(mayWait: true);

        _calls.ShouldBeEmpty();
    }

    int Called(int jobs) => Enumerable.Range(0, 100).Count(rank =>
    {
        _fleet.See(new(100, rank));
        return _fleet.IsCalled(new(StoreSignalKind.Enqueued) { Number = 12345, Jobs = jobs });
    });
}
