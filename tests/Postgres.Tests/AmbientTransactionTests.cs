using System.Transactions;
using JobRunner.TestSupport;
using Microsoft.Extensions.DependencyInjection;

namespace JobRunner.Postgres.Tests;

/// <summary>Callers inside and outside of a <see cref="TransactionScope"/>: what a client does is its own transaction.</summary>
public sealed class AmbientTransactionTests(PostgresFixture fixture) : StoreTests(fixture)
{
    [Fact(Timeout = 120_000)]
    public async Task Concurrent_single_calls_take_no_part_in_each_others_transactions()
    {
        await using var services = Services(ConnectionString);
        var client = services.GetRequiredService<IJobClient>();

        var calls = Enumerable.Range(0, 1000).Select(n => Task.Run(async () =>
        {
            if (n % 3 != 0)
                return await client.EnqueueAsync(() => Work.Do($"{n}"));
            using var scope = NewScope();
            var id = await client.EnqueueAsync(() => Work.Do($"{n}"));
            return id; // the scope is rolled back
        })).ToArray();

        await AllExistAsync(await Task.WhenAll(calls));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("")]
    [InlineData(";Enlist=true")]
    public async Task What_a_client_did_inside_a_scope_stays_when_it_is_rolled_back(string setting)
    {
        await using var services = Services(ConnectionString + setting);
        var client = services.GetRequiredService<IJobClient>();
        var recurring = services.GetRequiredService<IRecurringJobs>();
        var (requeued, deleted) = (await client.EnqueueAsync(() => Work.Do("requeued")), await client.EnqueueAsync(() => Work.Do("deleted")));

        List<long> ids = [];
        using (NewScope())
        {
            ids.AddRange(await client.EnqueueManyAsync([JobCall.Of(() => Work.Do("a")), JobCall.Of(() => Work.Do("b"))]));
            ids.Add(await client.ScheduleAsync(() => Work.Do("c"), TimeSpan.FromHours(1)));
            ids.Add(await client.ContinueWithAsync(ids[0], () => Work.Do("d")));
            (await client.RequeueAsync(requeued)).ShouldBeTrue();
            (await client.DeleteAsync(deleted)).ShouldBeTrue();
            await recurring.AddOrUpdateAsync("nightly", JobCall.Of(() => Work.Do("e")), "0 3 * * *");
        }

        await AllExistAsync(ids);
        (await client.GetAsync(requeued))!.History.Count.ShouldBe(2);
        (await client.GetAsync(deleted))!.State!.Name.ShouldBe("Deleted");
        (await recurring.GetAsync("nightly")).ShouldNotBeNull();
    }

    static ServiceProvider Services(string connectionString) =>
        new ServiceCollection().AddLogging().AddJobRunner().UsePostgres(connectionString).Services.BuildServiceProvider();

    static TransactionScope NewScope() => new(
        TransactionScopeOption.RequiresNew, new TransactionOptions { IsolationLevel = IsolationLevel.ReadCommitted }, TransactionScopeAsyncFlowOption.Enabled);

    async Task AllExistAsync(IReadOnlyCollection<long> ids)
    {
        ids.Distinct().Count().ShouldBe(ids.Count);
        var lost = await Sql.LinesAsync(ConnectionString,
            $"select i::text from unnest(array[{string.Join(',', ids)}]) i where not exists (select from hangfire.job j where j.id = i)");
        lost.ShouldBeEmpty("ids were given for jobs that do not exist");
    }
}
