using JobRunner.TestSupport;

namespace JobRunner.Worker.Tests.Recorded;

/// <summary>Jobs that were run to their success.</summary>
public abstract class SucceededScenario(string name) : RecordedScenario(name)
{
    protected override async Task PlayAsync(string recording) =>
        await RunUntilAsync(await Rewind.ToAsync(ConnectionString, recording), "Succeeded");
}

public sealed class SucceededResults() : SucceededScenario("succeeded-results");

public sealed class SucceededVoid() : SucceededScenario("succeeded-void");

public sealed class FailedRetrying() : RecordedScenario("failed-retrying")
{
    protected override async Task PlayAsync(string recording) =>
        await RunUntilAsync(await Rewind.ToAsync(ConnectionString, recording, 1, "RetryCount"), "Scheduled");
}

public sealed class FailedForGood() : RecordedScenario("failed-for-good")
{
    // Recorded as scheduled first, then enqueued by hand with ten retries behind it.
    protected override async Task PlayAsync(string recording) =>
        await RunUntilAsync(await Rewind.ToAsync(ConnectionString, recording, states: 2), "Failed");
}

public sealed class FailedBadArguments() : RecordedScenario("failed-bad-arguments")
{
    const string Json = "Could not convert string to integer: x. Path '', line 1, position 3.";
    const string Ours = "Argument 'a' of Invoices.Total: \"x\" cannot be read as System.Int32: " + Json;

    protected override async Task PlayAsync(string recording) => await RunUntilAsync(
        await Rewind.ToAsync(ConnectionString, recording, 1, "RetryCount"), "Scheduled", options => options.ProcessingDelay = TimeSpan.FromSeconds(1));

    // Arguments are read where the job runs; it is not marked as running before they are, unless that takes longer than a second.
    protected override string Played(string story) =>
        story.Replace("  Processing: no reason\n    ServerId = a name\n    StartedAt = a time\n    WorkerId = a name\n", "", StringComparison.Ordinal);

    // Ours says which argument it is.
    protected override string Expected(string recorded, string form) => recorded
        .Replace($"ExceptionDetails = Newtonsoft.Json.JsonReaderException: {Json}", "ExceptionDetails = JobRunner.JobLoadException: " + Ours
            + $" ---> JobRunner.JobLoadException: {Ours[(Ours.IndexOf(": ", StringComparison.Ordinal) + 2)..]}"
            + $" ---> Newtonsoft.Json.JsonReaderException: {Json}", StringComparison.Ordinal)
        .Replace($"ExceptionMessage = {Json}", $"ExceptionMessage = {Ours}", StringComparison.Ordinal)
        .Replace("ExceptionType = Newtonsoft.Json.JsonReaderException", "ExceptionType = JobRunner.JobLoadException", StringComparison.Ordinal)
        .Replace("Could not convert string to integer: x. Path '', …", Ours[..49] + "…", StringComparison.Ordinal);
}

public sealed class FailedUnknownType() : RecordedScenario("failed-unknown-type")
{
    // Left for others unless it is told to fail.
    protected override async Task PlayAsync(string recording) => await RunUntilAsync(
        await Rewind.ToAsync(ConnectionString, recording, 1, "RetryCount"), "Scheduled", options => options.UnknownJobs = UnknownJobs.Fail);

    // Ours says which setting would allow it.
    protected override string Expected(string recorded, string form)
    {
        const string ours = "Type 'No.Such.Type, No.Such' is not in an assembly that this worker may run jobs from. " +
            "If it should be, name the assembly in the setting JobRunner:JobAssemblies, or in AddJobRunner(o => o.JobAssemblies.Add(...)).";
        return string.Join('\n', recorded.Split('\n').Select(line => line.Split(" = ")[0] switch
        {
            "    ExceptionDetails" => $"    ExceptionDetails = JobRunner.JobLoadException: {ours}",
            "    ExceptionMessage" => $"    ExceptionMessage = {ours}",
            "    ExceptionType" => "    ExceptionType = JobRunner.JobLoadException",
            _ when line.StartsWith("  Scheduled: ", StringComparison.Ordinal) => $"  Scheduled: Retry attempt 1 of 10: {ours[..49]}…",
            _ => line,
        }));
    }
}

public sealed class Deleted() : RecordedScenario("deleted")
{
    protected override async Task PlayAsync(string recording)
    {
        var ids = await Rewind.ToAsync(ConnectionString, recording);
        await using var worker = await StartWorkerAsync(options => options.Queues.Add("nobody"));
        foreach (var id in ids)
            (await worker.Client.DeleteAsync(id)).ShouldBeTrue();
        await worker.StopAsync();
    }
}

public sealed class Requeued() : RecordedScenario("requeued")
{
    protected override async Task PlayAsync(string recording)
    {
        var ids = await Rewind.ToAsync(ConnectionString, recording, states: 2);
        await RunUntilAsync(ids, "Failed");
        await using var worker = await StartWorkerAsync(options => options.Queues.Add("nobody"));
        (await worker.Client.RequeueAsync(ids[0])).ShouldBeTrue();
    }
}

public sealed class ProcessingLive() : RecordedScenario("processing-live")
{
    WorkerHost? _worker;

    // Looked at while the job runs: the worker goes on until the comparison is over.
    protected override async Task PlayAsync(string recording)
    {
        var ids = await Rewind.ToAsync(ConnectionString, recording);
        _worker = await StartWorkerAsync(options => options.ShutdownGrace = TimeSpan.Zero);
        await WaitForAsync(_worker, ids[0], "Processing");
    }

    public override async Task DisposeAsync()
    {
        if (_worker is not null)
            await _worker.DisposeAsync();
    }
}

public sealed class Processing() : RecordedScenario("processing")
{
    protected override async Task PlayAsync(string recording)
    {
        var ids = await Rewind.ToAsync(ConnectionString, recording);
        await using var worker = await StartWorkerAsync();
        await WaitForAsync(worker, ids[0], "Processing");
        await worker.Client.DeleteAsync(ids[0]);
        await Eventually.HoldsAsync(async () => !(await Story.OfDatabaseAsync(ConnectionString)).Contains("fetched", StringComparison.Ordinal), Patience);
        await worker.StopAsync();
    }

    // The recorded server was stopped before it noticed that its job had been deleted, and put the queue row back; ours
    // notices at once, and removes it.
    protected override string Expected(string recorded, string form) => recorded.Replace("queue default: job 1\n", "", StringComparison.Ordinal);
}

public sealed class ShutdownRequeue() : RecordedScenario("shutdown-requeue")
{
    protected override async Task PlayAsync(string recording)
    {
        var ids = await Rewind.ToAsync(ConnectionString, recording);
        await using var worker = await StartWorkerAsync(options => options.ShutdownGrace = TimeSpan.Zero);
        await WaitForAsync(worker, ids[0], "Processing");
        await worker.StopAsync();
    }
}
