using JobRunner.Storage;

namespace JobRunner.Worker.Tests;

/// <summary>How jobs that wait for resources share the room, and whose turn it is.</summary>
public sealed class ResourceLinesTests
{
    readonly ManualTime _time = new();
    readonly ResourceLines _lines;
    int _ids;

    public ResourceLinesTests() => _lines = new(100, long.MaxValue, _time);

    [Fact]
    public void A_line_that_everybody_waits_for_takes_half_of_the_room()
    {
        Fill("a", 200).ShouldBe(50);
        _lines.IsCrowded.ShouldBeTrue();
        (_lines.IsFull("a"), _lines.IsFull("b")).ShouldBe((true, false));
        _lines.Room.ShouldBe(50);

        Fill("b", 200).ShouldBe(25);
        for (var i = 0; i < 10; i++)
            Fill($"other{i}", 1).ShouldBe(1, "a resource that nobody waits for has room in any case");
    }

    [Fact]
    public void A_line_that_has_refused_jobs_takes_some_again_when_half_of_those_before_them_have_gone()
    {
        Fill("a", 51);
        var waiting = _lines.Look().Waiting;
        Reopened(waiting[..24]).ShouldBe(0);
        _lines.TakesAgain().ShouldBeFalse();

        Reopened(waiting[24..26]).ShouldBe(1);

        _lines.IsCrowded.ShouldBeFalse();
        _lines.TakesAgain().ShouldBeTrue();
        _lines.TakesAgain().ShouldBeFalse("it is told once");
        _lines.Takes("a").ShouldBeTrue();
    }

    [Fact]
    public void Bytes_of_calls_count_as_well()
    {
        var lines = new ResourceLines(100, 1000, _time);
        lines.Add(Entry("a", payload: 1200));

        lines.Room.ShouldBe(0);
        lines.Takes("b").ShouldBeFalse();
        lines.TryRemove(lines.Look().Waiting[0], out _);
        lines.Takes("b").ShouldBeTrue();
    }

    [Fact]
    public void The_time_of_a_job_runs_from_when_it_is_one_of_the_first_twenty()
    {
        Fill("a", 30);
        _lines.Look();
        _time.Pass(TimeSpan.FromSeconds(61));

        var waiting = _lines.Look().Waiting;
        waiting.Count(entry => entry.Rest(_time) < TimeSpan.Zero).ShouldBe(20);
        foreach (var entry in waiting[..20])
            _lines.TryRemove(entry, out _);
        _lines.Look().Waiting.ShouldAllBe(entry => entry.Rest(_time) == TimeSpan.FromMinutes(1));
    }

    [Fact]
    public void The_first_of_each_line_is_next_and_the_one_that_came_after_it_then()
    {
        Fill("a", 2);
        Fill("b", 1);
        var first = _lines.Look().Next;
        first.Select(entry => (entry.Lock.Resource, entry.Execution.Job.JobId)).ShouldBe([("a", 1), ("b", 3)]);

        _lines.TryRemove(first[0], out _).ShouldBeTrue();
        _lines.Tell("a", line => line.Taken());
        _lines.Look().Next.ShouldHaveSingleItem().Lock.Resource.ShouldBe("b", "nobody is asked for what is ours");

        _lines.Tell("a", line => line.Released());
        _lines.Look().Next.Select(entry => entry.Execution.Job.JobId).ShouldBe([2, 3]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_worker_that_has_had_a_resource_for_long_leaves_it_to_others_who_want_it(bool contended)
    {
        Fill("a", 3);
        if (contended)
            _lines.Tell("a", line => line.Contended());
        _lines.Tell("a", line => line.Taken());
        _time.Pass(TimeSpan.FromSeconds(3));
        _lines.Tell("a", line => line.Released());

        _lines.Look().Next.Length.ShouldBe(contended ? 0 : 1);
        _time.Pass(TimeSpan.FromSeconds(1));
        _lines.Look().Next.Length.ShouldBe(1);
        _lines.Tell("a", line => line.Taken());
        _lines.Tell("a", line => line.Released());
        _lines.Look().Next.Length.ShouldBe(1, "its next turn has just begun");
    }

    int Fill(string resource, int count)
    {
        var taken = 0;
        for (; count > 0 && _lines.Takes(resource); count--, taken++)
            _lines.Add(Entry(resource));
        return taken;
    }

    int Reopened(IEnumerable<LineEntry> gone) => gone.Count(entry => _lines.TryRemove(entry, out var reopened) && reopened);

    LineEntry Entry(string resource, int payload = 0)
    {
        var id = ++_ids;
        var job = new ClaimedJob(id, new(id, -1), "default", id, JobStates.Enqueued, new("T", "M", [], [new string('x', payload)]), null,
            new Dictionary<string, string?>(), default);
        return new(new(job, 0), new(resource, id + 1), TimeSpan.FromMinutes(1), () => { });
    }

    sealed class ManualTime : TimeProvider
    {
        long _ticks = 1;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Pass(TimeSpan time) => _ticks += time.Ticks;
    }
}
