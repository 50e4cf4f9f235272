namespace JobRunner.Worker.Tests;

public sealed class AsyncAutoResetEventTests
{
    [Theory(Timeout = 30_000)]
    [InlineData(-0.4)]
    [InlineData(-1.6)]
    [InlineData(-5)]
    [InlineData(-100_000)]
    public async Task A_time_that_is_over_is_not_waited_for(double milliseconds)
    {
        var limit = TimeSpan.FromMilliseconds(milliseconds);

        (await new AsyncAutoResetEvent().WaitAsync(limit, default)).ShouldBeFalse();
        await new AsyncAutoResetEvent().PauseAsync(limit, default);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_signal_ends_a_wait_of_a_year()
    {
        var signal = new AsyncAutoResetEvent();
        var waiting = signal.PauseAsync(TimeSpan.FromDays(365), default);

        signal.Set();

        await waiting;
    }
}
