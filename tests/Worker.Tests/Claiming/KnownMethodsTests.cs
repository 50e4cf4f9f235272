using JobRunner.Storage;

namespace JobRunner.Worker.Tests;

public sealed class KnownMethodsTests
{
    readonly Place _one = new("one");
    readonly Place _other = new("other");

    [Fact]
    public void A_claim_leaves_the_methods_of_places_that_it_does_not_serve_and_those_that_nobody_knows()
    {
        var known = new KnownMethods(queuesMatter: false);
        known.Add("default", "a", _one);
        known.Add("default", "b", _other);
        known.Add("low", "c", null);

        known.Except("default", "x", (place, _) => place == _one).Methods.Order().ShouldBe(["a", "c"]);
        known.Except("low", "y", (place, _) => place == _other).Methods.Order().ShouldBe(["b", "c"]);
        known.Except("default", "z", (_, _) => false).Methods.ShouldBe(["c"]);
    }

    [Fact]
    public void Where_rules_name_queues_each_has_its_own()
    {
        var known = new KnownMethods(queuesMatter: true);
        known.Add("default", "a", _one);
        known.Add("low", "a", _other);

        known.Except("default", "x", (place, _) => place == _one).Methods.ShouldBe(["a"]);
        known.Except("low", "x", (place, _) => place == _one).ShouldBe(MethodSet.Empty);
    }

    [Fact]
    public void A_set_that_has_grown_names_the_smaller_one_and_one_that_stays_is_the_same_object()
    {
        var known = new KnownMethods(queuesMatter: false);
        known.Add("default", "a", _one);
        var small = known.Except("default", "x", (_, _) => true);
        known.Add("default", "a", _one);
        known.Except("default", "x", (_, _) => true).ShouldBeSameAs(small);

        known.Add("default", "b", _one);
        var large = known.Except("default", "x", (_, _) => true);
        large.Smaller.ShouldBe(small.Hash);
        large.Hash.ShouldBe(MethodSet.Empty.Next(["b", "a"]).Hash);

        known.Changed();
        known.Except("default", "x", (place, _) => place == _other).ShouldBe(MethodSet.Empty);
        small.Next(["c"]).Smaller.ShouldBeNull();
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(300, 1)]
    [InlineData(3000, 0.1)]
    [InlineData(25_000, 0.02)]
    public void Reading_past_jobs_may_take_less_of_the_time_the_quicker_their_place_is(double rate, double share) =>
        ClaimGroup.ShareAt(rate).ShouldBe(share, 0.0001);

    sealed class Place(string name) : IPlace
    {
        public string Name => name;

        public int Room => 1;

        public long Ended => 0;

        public IReadOnlyList<Execution> TakeExcess(int worthKeeping) => [];
    }
}
