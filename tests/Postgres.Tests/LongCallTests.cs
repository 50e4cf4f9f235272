using System.Security.Cryptography;
using JobRunner.Storage;
using JobRunner.TestSupport;

namespace JobRunner.Postgres.Tests;

/// <summary>Calls with megabytes of arguments, where no more than a part of them must be read at a time.</summary>
public sealed class LongCallTests(PostgresFixture fixture) : StoreTests(fixture)
{
    [Fact(Timeout = 60_000)]
    public async Task A_claim_reads_past_few_long_calls_and_the_next_one_goes_on()
    {
        var ids = await Store.Actions.AddAsync([.. Enumerable.Range(0, 20).Select(_ => Job("Left.Job, Left", Random(300_000))), Job("Shop.Job, Shop", "1")], default);
        var leaving = new ClaimRequest([new("default", 5) { Except = MethodSet.Empty.Next([Job("Left.Job, Left", "").Invocation.StoredMethod]) }], 5);

        (await Store.Queue.ClaimAsync(leaving, default)).IsComplete.ShouldBeFalse();

        long.Parse((await Sql.LinesAsync(ConnectionString, "select position::text from jobrunner.sweep")).ShouldHaveSingleItem(), System.Globalization.CultureInfo.InvariantCulture).ShouldBeInRange(ids[0], ids[9]);
        var found = new List<ClaimedJob>();
        await Eventually.HoldsAsync(async () =>
        {
            found.AddRange((await Store.Queue.ClaimAsync(leaving, default)).Jobs);
            return found.Count > 0;
        }, TimeSpan.FromSeconds(20));
        found.ShouldHaveSingleItem().JobId.ShouldBe(ids[20]);
    }

    [Fact]
    public async Task A_long_call_that_is_no_object_costs_its_job_alone()
    {
        await Sql.ExecuteAsync(ConnectionString, $"""
            insert into hangfire.job (id, stateid, statename, invocationdata, arguments, createdat) values (7, 7, 'Enqueued', to_jsonb('{Random(5000)}'::text), '[]', now());
            insert into hangfire.state (id, jobid, name, createdat, data) values (7, 7, 'Enqueued', now(), '[]');
            insert into hangfire.jobqueue (jobid, queue) values (7, 'default')
            """);

        (await Store.Reader.ListAsync(JobStates.Enqueued, 0, 10, default)).ShouldHaveSingleItem().Invocation.ShouldBeNull();
        (await Store.Queue.ClaimAsync(["default"], 10, default)).ShouldHaveSingleItem().LoadError.ShouldNotBeNull();
        (await Store.Actions.DeleteAsync([7], null, default)).ShouldBe(1);
    }

    static string Random(int length) => Convert.ToHexString(RandomNumberGenerator.GetBytes(length / 2));

    NewJob Job(string type, string argument) => new(
        new Invocation(type, "Run", ["System.String"], [$"\"{argument}\""]), JobState.Enqueued("default", TimeProvider.System.GetUtcNow()), new Dictionary<string, string?>());
}
