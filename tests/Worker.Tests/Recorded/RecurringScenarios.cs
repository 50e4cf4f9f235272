using System.Globalization;
using JobRunner.TestSupport;
using Microsoft.Extensions.DependencyInjection;

namespace JobRunner.Worker.Tests.Recorded;

public sealed class RecurringRun() : RecordedScenario("recurring-run")
{
    // Recorded until five jobs had run by a schedule of every second; ours names five seconds, so that there is no sixth, and
    // is strict, so that there are not fewer when this machine is busy.
    protected override async Task PlayAsync(string recording)
    {
        var due = TimeProvider.System.GetUtcNow().AddSeconds(2);
        var cron = $"{string.Join(',', Enumerable.Range(0, 5).Select(i => due.AddSeconds(i).Second))} * * * * *";
        await RewindRecurring.ToAsync(ConnectionString, recording, due, ("Cron", cron), ("Misfire", "1"));
        await using var worker = await StartWorkerAsync();
        var recurring = worker.Services.GetRequiredService<IRecurringJobs>();
        await Eventually.HoldsAsync(async () => (await worker.Store.Reader.CountAsync(default)).ByState["Succeeded"] == 5, Patience);

        var job = (await recurring.GetAsync("sec"))!;
        (job.Error, job.RetryAttempt).ShouldBe((null, 0));
        job.LastJobId.ShouldBe(5);
        (await worker.Store.Reader.GetAsync(5, default))!.Parameters["Time"].ShouldBe($"{job.LastExecution!.Value.ToUnixTimeSeconds()}");
        await worker.StopAsync();
    }

    // What we write of cultures is the newest form, and those of this process.
    protected override string Expected(string recorded, string form) => recorded
        .Replace("\n  parameter CurrentUICulture = \"en-US\"", "", StringComparison.Ordinal)
        .Replace("CurrentCulture = \"en-US\"", $"CurrentCulture = \"{CultureInfo.CurrentCulture.Name}\"", StringComparison.Ordinal);
}
