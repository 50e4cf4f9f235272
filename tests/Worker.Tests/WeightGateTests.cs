namespace JobRunner.Worker.Tests;

public sealed class WeightGateTests
{
    readonly WeightGate _gate = new(10);

    [Fact]
    public void What_does_not_fit_waits_and_nothing_overtakes_it()
    {
        _gate.EnterAsync(6).IsCompleted.ShouldBeTrue();
        var heavy = _gate.EnterAsync(5);
        var light = _gate.EnterAsync(1);
        (heavy.IsCompleted, light.IsCompleted).ShouldBe((false, false));

        _gate.Leave(6);

        (heavy.IsCompleted, light.IsCompleted).ShouldBe((true, true));
    }

    [Fact]
    public void What_weighs_more_than_all_comes_in_alone()
    {
        _gate.EnterAsync(1).IsCompleted.ShouldBeTrue();
        var heaviest = _gate.EnterAsync(100);
        heaviest.IsCompleted.ShouldBeFalse();

        _gate.Leave(1);

        heaviest.IsCompleted.ShouldBeTrue();
        _gate.EnterAsync(1).IsCompleted.ShouldBeFalse();
    }
}
