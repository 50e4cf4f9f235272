using JobRunner.Storage;
using JobRunner.TestSupport;

namespace JobRunner.Postgres.Tests;

/// <summary>Hangfire clients add continuations in the very moments in which our store ends their parents.</summary>
public sealed class ContinuationRaceTests(PostgresFixture fixture) : IClassFixture<PostgresFixture>
{
    const int Parents = 2000;
    const int Clients = 6;
    const int Batch = 20;
    const int Lead = 5;

    [Fact(Timeout = 60_000)]
    public async Task No_continuation_is_lost_and_none_is_released_twice()
    {
        await using var store = await TestStore.CreateAsync(fixture.ConnectionString);
        await store.InitializeAsync(default);
        await using var hangfire = new HandMadeHangfire(fixture.ConnectionString);
        var at = TimeProvider.System.GetUtcNow();
        await store.Actions.AddAsync([.. Enumerable.Range(0, Parents).Select(_ => new NewJob(
            new Invocation("T, A", "M", [], []), JobState.Enqueued("parents", at), new Dictionary<string, string?>()))], default);
        var parents = await store.Queue.ClaimAsync(["parents"], Parents, default);
        var next = -1;
        var ending = 0;

        var adding = Enumerable.Range(0, Clients).Select(_ => Task.Run(async () =>
        {
            var late = 0;
            while (Interlocked.Increment(ref next) is var i && i < Parents)
            {
                while (i > Volatile.Read(ref ending) + Lead)
                    await Task.Yield();
                late += (await hangfire.AddContinuationAsync(parents[i].JobId)).Late ? 1 : 0;
            }

            return late;
        })).ToArray();
        var busy = new List<StateChange>();
        for (var first = 0; first < Parents || busy.Count > 0; first += Batch)
        {
            // When the clients have come to this batch; and they go no farther while it is written.
            while (Volatile.Read(ref next) < Math.Min(Parents - 1, first + Lead))
                await Task.Yield();
            Volatile.Write(ref ending, first + Batch);
            StateChange[] changes = [.. busy, .. parents.Skip(first).Take(Batch).Select(Success)];
            var applied = await store.Queue.ApplyAsync(changes, default);
            busy = [.. applied.Busy.Select(i => changes[i])];
            applied.Count(id => id is not null).ShouldBe(changes.Length - busy.Count);
        }

        var late = (await Task.WhenAll(adding)).Sum();
        late.ShouldBeInRange(1, Parents - 1, "otherwise there was no race");
        // Without the sweep, which would also find what the locks have lost: only those are looked at again that were still made.
        while (await store.Maintenance.ReleaseAwaitingAsync(0, default) > 0)
            await Task.Yield();
        (await Sql.LinesAsync(fixture.ConnectionString, """
            select history || ', in queues: ' || queued || ': ' || count(*)
            from (select (select string_agg(name, ' ' order by id) from hangfire.state where jobid = j.id) as history,
                         (select count(*) from hangfire.jobqueue where jobid = j.id) as queued
                  from hangfire.job j where not exists (select from hangfire.jobparameter where jobid = j.id)) child
            group by history, queued
            """)).ShouldBe([$"Awaiting Enqueued, in queues: 1: {Parents}"]);
        (await Sql.LinesAsync(fixture.ConnectionString, "select resource from hangfire.lock union all select key from hangfire.set")).ShouldBeEmpty();
    }

    static StateChange Success(ClaimedJob job) => new(job.JobId, job.StateId, job.StateName,
        [JobState.Succeeded(TimeProvider.System.GetUtcNow(), default, default, null)], null, job.Claim);
}
