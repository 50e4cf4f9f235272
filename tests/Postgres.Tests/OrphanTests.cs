using JobRunner.Storage;
using JobRunner.TestSupport;

namespace JobRunner.Postgres.Tests;

/// <summary>Jobs that are Processing while no queue row stands for them.</summary>
public sealed class OrphanTests(PostgresFixture fixture) : StoreTests(fixture)
{
    static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    static readonly TimeSpan _silence = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("default", "default")]
    [InlineData("reports", "reports")]
    public async Task One_whose_worker_is_gone_waits_again_in_its_queue_and_is_counted(string enqueuedTo, string queue)
    {
        var job = await OrphanAsync("jobrunner@dead:1:a", enqueuedTo);
        (await Store.Maintenance.RescueOrphansAsync(_silence, null, default)).ShouldBe(0, "it has only just begun");

        await AgeAsync(TimeSpan.FromMinutes(1));
        (await Store.Maintenance.RescueOrphansAsync(_silence, null, default)).ShouldBe(1);
        (await Store.Maintenance.RescueOrphansAsync(_silence, null, default)).ShouldBe(0);

        var again = (await Store.Queue.ClaimAsync([queue], 10, default)).ShouldHaveSingleItem();
        again.JobId.ShouldBe(job);
        again.StateName.ShouldBe(JobStates.Processing);
        (await ApplyAsync(again, JobState.Succeeded(Now, default, default, null))).ShouldNotBeNull();
        (await Store.Reader.CountAsync(default)).Orphans.ShouldBe(1);
    }

    [Fact]
    public async Task One_whose_server_lives_is_left_to_it()
    {
        await OrphanAsync("jobrunner@alive:1:a");
        await AgeAsync(TimeSpan.FromMinutes(1));
        Store.Servers.Announce(new ServerInfo("jobrunner@alive:1:a", ["default"], 1, Now, Now), TimeSpan.FromSeconds(30));

        (await Store.Maintenance.RescueOrphansAsync(_silence, null, default)).ShouldBe(0);
    }

    [Fact]
    public async Task One_of_a_Hangfire_server_waits_for_the_invisibility_timeout()
    {
        await OrphanAsync("hangfire-host:17:c");
        await AgeAsync(TimeSpan.FromMinutes(29));
        (await Store.Maintenance.RescueOrphansAsync(_silence, null, default)).ShouldBe(0);

        await AgeAsync(TimeSpan.FromMinutes(2));
        (await Store.Maintenance.RescueOrphansAsync(_silence, null, default)).ShouldBe(1);
    }

    [Fact]
    public async Task One_whose_state_has_no_data_is_put_back_as_well()
    {
        var job = await OrphanAsync("jobrunner@dead:1:a");
        await ExecuteAsync($"update hangfire.state set data = null where jobid = {job} and name = 'Processing'");
        await AgeAsync(TimeSpan.FromHours(1));

        (await Store.Maintenance.RescueOrphansAsync(_silence, null, default)).ShouldBe(1);
    }

    async Task<long> OrphanAsync(string server, string queue = "default")
    {
        var call = new Invocation("Shop.Contracts.StaticJobs, Shop.Contracts", "Echo", ["System.String"], ["\"x\""]);
        await Store.Actions.AddAsync([new(call, JobState.Enqueued(queue, Now), new Dictionary<string, string?>())], default);
        var job = (await Store.Queue.ClaimAsync([queue], 10, default)).ShouldHaveSingleItem();
        (await ApplyAsync(job, JobState.Processing(server, Guid.NewGuid().ToString(), Now))).ShouldNotBeNull();
        await ExecuteAsync("delete from hangfire.jobqueue");
        return job.JobId;
    }

    async Task<long?> ApplyAsync(ClaimedJob job, JobState state) => (await Store.Queue.ApplyAsync(
        [new(job.JobId, job.StateId, job.StateName, [state], null, job.Claim)], default)).Single();

    Task ExecuteAsync(string sql) => Sql.ExecuteAsync(ConnectionString, sql);

    Task AgeAsync(TimeSpan time) => ExecuteAsync($"update hangfire.state set createdat = createdat - interval '{time.TotalSeconds} seconds'");
}
