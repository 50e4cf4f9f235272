using JobRunner.TestSupport;

namespace JobRunner.Postgres.Tests;

public class StateLevelTests
{
    [Theory]
    [InlineData("continuations-waiting", 1)]
    [InlineData("continuations-waiting", 2)]
    public void A_waiting_continuation_is_written_as_Hangfire_wrote_it_at_level_110(string scenario, int job)
    {
        var ours = StateLevel.At(CompatibilityLevel.V110, new Recording($"v180-{scenario}").States(job)[0]);
        var theirs = new Recording($"v110-{scenario}").States(job)[0].Data;

        ours.OrderBy(pair => pair.Key).ShouldBe(theirs.OrderBy(pair => pair.Key));
    }

    [Fact]
    public void Dates_become_text_and_all_else_stays()
    {
        var at = DateTimeOffset.FromUnixTimeMilliseconds(1795212715109);
        var state = JobState.Succeeded(at, TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(7), "1795212715109");

        StateLevel.At(CompatibilityLevel.V110, state)["SucceededAt"].ShouldBe("2026-11-20T22:11:55.1090000Z");
        StateLevel.At(CompatibilityLevel.V110, state)["Result"].ShouldBe("1795212715109");
        StateLevel.At(CompatibilityLevel.V110, state)["Latency"].ShouldBe("5");
        StateLevel.At(CompatibilityLevel.V180, state).ShouldBe(state.Data);
    }
}
