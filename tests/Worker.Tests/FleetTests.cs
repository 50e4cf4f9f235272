using JobRunner.Storage;

namespace JobRunner.Worker.Tests;

/// <summary>What each of many workers does of what one would do alone.</summary>
public sealed class FleetTests
{
    static readonly TimeSpan _interval = TimeSpan.FromMilliseconds(500);

    readonly SetTime _time = new();

    [Fact]
    public void Who_is_alone_looks_at_each_interval_hears_every_call_and_has_every_turn()
    {
        var alone = Worker(1, 0);

        alone.UntilLook(_interval).ShouldBe(_interval);
        alone.IsDrawn().ShouldBeTrue();
        foreach (var number in Numbers(100))
            alone.IsCalled(Call(number, 1)).ShouldBeTrue();
        for (; _time.Now < TimeSpan.FromMinutes(5); _time.Now += _interval)
            alone.HasTurn(_interval).ShouldBeTrue();
    }

    [Theory]
    [InlineData(2)]
    [InlineData(20)]
    [InlineData(100)]
    [InlineData(1000)]
    public void However_many_they_are_they_look_as_often_as_twenty_would(int size)
    {
        var fleet = Fleet(size);

        var looks = fleet.Sum(worker => 1 / worker.UntilLook(_interval).TotalSeconds);

        looks.ShouldBeInRange(Math.Min(size, 20) * 1.5, Math.Min(size, 20) * 4, "a second, together");
        fleet.Select(worker => worker.UntilLook(_interval)).Distinct().Count().ShouldBeGreaterThan(size / 2, "nobody looks in step");
    }

    [Theory]
    [InlineData(2, 1, 2)]
    [InlineData(3, 1, 2)]
    [InlineData(100, 1, 2)]
    [InlineData(100, 50, 2)]
    [InlineData(100, 500, 11)]
    [InlineData(100, 100_000, 100)]
    public void A_call_means_a_spare_one_more_than_its_jobs_need(int size, int jobs, int called)
    {
        var fleet = Fleet(size);

        foreach (var number in Numbers(200))
            fleet.Count(worker => worker.IsCalled(Call(number, jobs))).ShouldBe(called);
        fleet.ShouldAllBe(worker => Numbers(size * 20).Any(number => worker.IsCalled(Call(number, jobs))), "all are called in turn");
        fleet.ShouldAllBe(worker => worker.IsCalled(new StoreSignal(StoreSignalKind.Enqueued)), "who does not know means all");
    }

    [Fact]
    public void Workers_that_count_a_few_more_or_less_still_come()
    {
        // The first thirty have not noticed yet that three of them are gone.
        var fleet = Fleet(100).Take(30).Concat(Enumerable.Range(30, 67).Select(rank => Worker(97, rank))).ToArray();

        foreach (var number in Numbers(200))
            fleet.Count(worker => worker.IsCalled(Call(number, 1))).ShouldBeInRange(0, 4);
        Numbers(1000).Count(number => fleet.Any(worker => worker.IsCalled(Call(number, 1)))).ShouldBeGreaterThan(950);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(100)]
    public void Two_have_each_turn_and_who_dies_holds_up_one(int size)
    {
        var fleet = Fleet(size);
        var turns = new List<int[]>();
        for (; turns.Count < size * 10; _time.Now += _interval)
            turns.Add([.. Enumerable.Range(0, size).Where(rank => fleet[rank].HasTurn(_interval))]);

        turns.ShouldAllBe(turn => turn.Length == 2);
        turns.SelectMany(turn => turn).Distinct().Count().ShouldBe(size, "everybody's turn comes");
        if (size > 4)
            turns.Zip(turns.Skip(1)).ShouldAllBe(pair => !pair.First.Intersect(pair.Second).Any(), "whoever died in one is not asked in the next");
    }

    [Fact]
    public void Of_a_fleet_a_few_are_drawn()
    {
        var fleet = Fleet(100);
        var drawn = Enumerable.Range(0, 100).Sum(_ => fleet.Count(worker => worker.IsDrawn()));

        drawn.ShouldBeInRange(200, 400);
    }

    Fleet[] Fleet(int size) => [.. Enumerable.Range(0, size).Select(rank => Worker(size, rank))];

    Fleet Worker(int size, int rank)
    {
        var fleet = new Fleet(_time, new Random(rank));
        fleet.See(new(size, rank));
        return fleet;
    }

    static StoreSignal Call(uint number, int jobs) => new(StoreSignalKind.Enqueued) { Number = number, Jobs = jobs };

    static IEnumerable<uint> Numbers(int count) => Enumerable.Range(0, count).Select(i => (uint)(i * (4294967296.0 / count)));
}
