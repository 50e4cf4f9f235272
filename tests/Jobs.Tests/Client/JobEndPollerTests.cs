using System.Reflection;
using JobRunner.InMemory;
using JobRunner.Storage;

namespace JobRunner.Jobs.Tests.Client;

/// <summary>All who wait for the ends of jobs in one process share their looks at the store.</summary>
public sealed class JobEndPollerTests
{
    static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    readonly InMemoryJobStore _store = new(TimeProvider.System);
    readonly CountedReader _counted;
    readonly JobEndPoller _poller;

    public JobEndPollerTests()
    {
        var reader = DispatchProxy.Create<IJobReader, CountedReader>();
        _counted = (CountedReader)reader;
        _counted.Reader = _store.Reader;
        _poller = new(reader, TimeProvider.System);
    }

    [Fact(Timeout = 60_000)]
    public async Task Five_thousand_who_wait_for_a_second_take_few_reads_of_a_thousand_jobs_at_most()
    {
        const int jobs = 5000;
        var ids = await AddAsync(jobs);
        var ends = new List<Task<JobState>>();
        foreach (var some in ids.Chunk(500)) // not all in one moment
        {
            ends.AddRange(some.Select(id => _poller.WaitAsync(id, _patience, default)));
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        }

        await EndAsync(ids);

        (await Task.WhenAll(ends)).ShouldAllBe(end => end.Name == JobStates.Deleted);
        _counted.Reads.Max().ShouldBeLessThanOrEqualTo(1000);
        _counted.Reads.Count.ShouldBeLessThan(400, "one for each would be several ten thousand");
    }

    [Fact(Timeout = 60_000)]
    public async Task Many_who_wait_for_one_job_ask_for_it_once_a_look()
    {
        var ids = await AddAsync(1);
        var ends = Enumerable.Range(0, 100).Select(_ => _poller.WaitAsync(ids[0], _patience, default)).ToArray();
        await EndAsync(ids);

        (await Task.WhenAll(ends)).Length.ShouldBe(100);
        _counted.Reads.ShouldAllBe(jobs => jobs == 1);
    }

    [Fact(Timeout = 60_000)]
    public async Task Each_has_its_own_end_of_waiting()
    {
        var ids = await AddAsync(2);
        using var cancelled = new CancellationTokenSource();
        var first = _poller.WaitAsync(ids[0], null, cancelled.Token);
        var second = _poller.WaitAsync(ids[0], TimeSpan.FromMilliseconds(30), default);
        var third = _poller.WaitAsync(ids[1], null, default);

        (await Should.ThrowAsync<KeyNotFoundException>(() => _poller.WaitAsync(987, null, default))).Message.ShouldContain("987");
        (await Should.ThrowAsync<TimeoutException>(() => second)).Message.ShouldContain("Enqueued");
        await cancelled.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => first);
        third.IsCompleted.ShouldBeFalse();
        await EndAsync([ids[1]]);
        await third;
        await Should.ThrowAsync<TimeoutException>(() => _poller.WaitAsync(ids[0], TimeSpan.Zero, default));
        (await _poller.WaitAsync(ids[1], TimeSpan.Zero, default)).Name.ShouldBe(JobStates.Deleted, "it is looked at once in any case");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_store_that_fails_ends_the_waits_of_its_read_and_no_later_ones()
    {
        var ids = await AddAsync(1);
        await EndAsync(ids);
        _counted.Failure = new IOException("The store is away.");
        await Should.ThrowAsync<IOException>(() => _poller.WaitAsync(ids[0], null, default));
        _counted.Failure = null;

        (await _poller.WaitAsync(ids[0], null, default)).Name.ShouldBe(JobStates.Deleted);
    }

    [Fact(Timeout = 60_000)]
    public async Task Nothing_is_read_while_nobody_waits()
    {
        var ids = await AddAsync(1);
        await Should.ThrowAsync<TimeoutException>(() => _poller.WaitAsync(ids[0], TimeSpan.FromMilliseconds(1), default));
        await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System); // for a look that was under way
        var reads = _counted.Reads.Count;

        await Task.Delay(TimeSpan.FromMilliseconds(700), TimeProvider.System);

        _counted.Reads.Count.ShouldBe(reads);
    }

    Task<IReadOnlyList<long>> AddAsync(int count) => _store.Actions.AddAsync([.. Enumerable.Range(0, count).Select(_ => new NewJob(
        new Invocation("Shop.Job, Shop", "Run", [], []), JobState.Enqueued("default", TimeProvider.System.GetUtcNow()), new Dictionary<string, string?>()))], default);

    Task EndAsync(IReadOnlyList<long> ids) => _store.Actions.DeleteAsync(ids, null, default);

#pragma warning disable CA1852 // DispatchProxy makes a type that derives from it.
    class CountedReader : DispatchProxy
    {
        public IJobReader Reader { get; set; } = null!;

        public Exception? Failure { get; set; }

        /// <summary>For each read, how many jobs it asked for.</summary>
        public List<int> Reads { get; } = [];

        protected override object? Invoke(MethodInfo? method, object?[]? arguments)
        {
            method!.Name.ShouldBe(nameof(IJobReader.GetStatesAsync));
            var ids = (IReadOnlyCollection<long>)arguments![0]!;
            Reads.Add(ids.Count);
            return Failure is null
                ? Reader.GetStatesAsync(ids, default)
                : Task.FromException<IReadOnlyList<CurrentState>>(Failure);
        }
    }
#pragma warning restore CA1852
}
