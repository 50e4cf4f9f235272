using JobRunner.TestSupport;

namespace JobRunner.Worker.Tests.Recorded;

/// <summary>Jobs that were recorded as a client wrote them: our worker runs each to its end. What arrives in their arguments is
/// compared in Jobs.Tests; here it is what the run leaves behind.</summary>
public abstract class EnqueuedScenario(string name) : RecordedScenario(name)
{
    protected override async Task PlayAsync(string recording)
    {
        var ids = await Rewind.ToAsync(ConnectionString, recording);
        await RunUntilAsync(ids, "Succeeded", ServeAll);
    }

    protected static void ServeAll(WorkerOptions options)
    {
        foreach (var queue in (ReadOnlySpan<string>)["default", "critical", "low"])
            options.Queues.Add(queue);
    }

    // Recorded before a server saw it: after ours did, each job has run, its queue row is gone, and it is counted.
    protected override string Expected(string recorded, string form)
    {
        var jobs = recorded.Split('\n').Where(line => !line.StartsWith("queue ", StringComparison.Ordinal) && !line.StartsWith("set ", StringComparison.Ordinal))
            .Aggregate(new List<string>(), (all, line) =>
            {
                if (line.StartsWith("job ", StringComparison.Ordinal))
                    all.Add(line.Split(':')[0] + ": Succeeded, expires");
                else
                    all[^1] += "\n" + line;
                return all;
            });
        return string.Join('\n', [.. jobs.Select(job => job + Extra(job)), .. Counters(jobs.Count)]);
    }

    /// <summary>What the run adds to each job's history.</summary>
    protected virtual string Extra(string job) => """

          Processing: no reason
            ServerId = a name
            StartedAt = a time
            WorkerId = a name
          Succeeded: no reason
            Latency = a duration
            PerformanceDuration = a duration
        """ + Result(job) + "\n    SucceededAt = a time";

    /// <summary>The line of the result, for jobs that have one.</summary>
    protected virtual string Result(string job) => "";

    static string[] Counters(int jobs) =>
        [$"counter stats:succeeded, for ever: {jobs}", $"counter stats:succeeded:day, expires: {jobs}", $"counter stats:succeeded:hour, expires: {jobs}"];
}

public sealed class EnqueueStatic() : EnqueuedScenario("enqueue-static");

public sealed class EnqueueScalars() : EnqueuedScenario("enqueue-scalars");

public sealed class EnqueueNulls() : EnqueuedScenario("enqueue-nulls");

public sealed class EnqueueTimes() : EnqueuedScenario("enqueue-times");

public sealed class EnqueueIds() : EnqueuedScenario("enqueue-ids");

public sealed class EnqueueCollections() : EnqueuedScenario("enqueue-collections");

public sealed class EnqueueTokens() : EnqueuedScenario("enqueue-tokens");

public sealed class EnqueueNestedTypes() : EnqueuedScenario("enqueue-nested-types");

public sealed class EnqueueGenericType() : EnqueuedScenario("enqueue-generic-type");

public sealed class EnqueueGenericMethod() : EnqueuedScenario("enqueue-generic-method");

public sealed class EnqueueQueue() : EnqueuedScenario("enqueue-queue");

public sealed class EnqueueInstanceInterface() : EnqueuedScenario("enqueue-instance-interface");

public sealed class EnqueueObjects() : EnqueuedScenario("enqueue-objects")
{
    // With plain settings a client writes no $type, so what was behind the abstract parameter is lost: no server can run the
    // job, and ours says why.
    protected override async Task PlayAsync(string recording)
    {
        if (recording.StartsWith("v180", StringComparison.Ordinal))
        {
            await base.PlayAsync(recording);
            return;
        }

        var ids = await Rewind.ToAsync(ConnectionString, recording);
        await using var worker = await StartWorkerAsync();
        await WaitForAsync(worker, ids[0], "Scheduled");
        (await worker.Store.Reader.GetAsync(ids[0], default))!.History.Single(state => state.Name == "Failed").Data["ExceptionMessage"].ShouldContain("Shop.Contracts.Shape");
    }

    protected override string Expected(string recorded, string form) =>
        form == "v180" ? base.Expected(recorded, form) : Story.OfDatabaseAsync(ConnectionString).GetAwaiter().GetResult();
}

public sealed class Scheduled() : EnqueuedScenario("schedule")
{
    protected override async Task PlayAsync(string recording)
    {
        var ids = await Rewind.ToAsync(ConnectionString, recording);
        await using (var connection = new Npgsql.NpgsqlConnection(ConnectionString))
        {
            await connection.OpenAsync();
            await using var due = new Npgsql.NpgsqlCommand("""
                update hangfire.set set score = 1795212704;
                update hangfire.state set data = jsonb_set(data, '{EnqueueAt}', '"1795212704946"')
                """, connection);
            await due.ExecuteNonQueryAsync();
        }

        await RunUntilAsync(ids, "Succeeded", ServeAll);
    }

    protected override string Extra(string job) => $"""

          Enqueued: Triggered by DelayedJobScheduler
            EnqueuedAt = a time
            Queue = default
        """ + base.Extra(job);

    protected override string Result(string job) => "\n    Result = \"later\"";
}
