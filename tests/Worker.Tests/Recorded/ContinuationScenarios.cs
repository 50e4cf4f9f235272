using JobRunner.TestSupport;
using Npgsql;

namespace JobRunner.Worker.Tests.Recorded;

public sealed class ContinuationsRun() : RecordedScenario("continuations-run")
{
    protected override async Task PlayAsync(string recording) =>
        await RunUntilAsync(await Rewind.ToAsync(ConnectionString, recording), "Succeeded");
}

/// <summary>As if the server that ended the parent had died before it could release the job that waits for it.</summary>
public sealed class ContinuationOfFinished() : RecordedScenario("continuation-of-finished")
{
    protected override async Task PlayAsync(string recording)
    {
        var ids = await Rewind.ToAsync(ConnectionString, recording, states: 3);
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync();
        await using var back = new NpgsqlCommand("""
            delete from hangfire.jobqueue;
            delete from hangfire.state where jobid = 2 and name = 'Enqueued';
            update hangfire.job set statename = 'Awaiting', stateid = (select id from hangfire.state where jobid = 2) where id = 2;
            update hangfire.job set expireat = now() + interval '1 day' where id = 1;
            insert into hangfire.set (key, score, value) values ('awaiting', 1795212705, '2');
            insert into hangfire.counter (key, value, expireat) values
                ('stats:succeeded', 1, null), ('stats:succeeded:2026-11-20', 1, now() + interval '1 month'),
                ('stats:succeeded:2026-11-20-22', 1, now() + interval '1 day')
            """, connection);
        await back.ExecuteNonQueryAsync();
        await RunUntilAsync(ids.Skip(1), "Enqueued", options => options.Queues.Add("nobody"));
    }
}
