using System.Globalization;
using JobRunner.Storage;
using JobRunner.TestSupport;

namespace JobRunner.Postgres.Tests;

/// <summary>Rows that nobody should have written: what cannot be used of them holds up nothing beside them.</summary>
public sealed class OddRowsTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    static readonly TimeSpan _silence = TimeSpan.FromSeconds(30);

    // What no index can make shorter.
    static readonly string _longQueue = string.Create(5000, new Random(1), static (span, random) =>
    {
        foreach (ref var letter in span)
            letter = (char)('a' + random.Next(26));
    });

    PostgresJobStore _store = null!;

    public async Task InitializeAsync()
    {
        _store = await TestStore.CreateAsync(postgres.ConnectionString);
        await _store.InitializeAsync(default);
    }

    public async Task DisposeAsync() => await _store.DisposeAsync();

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(int.MinValue)]
    [InlineData(int.MinValue + 1)]
    public async Task A_token_at_the_end_of_the_integers_goes_on_at_their_beginning(int token)
    {
        await AddAsync(JobStates.Enqueued);
        await ExecuteAsync($"update hangfire.jobqueue set updatecount = {token}");

        for (var round = 0; round < 3; round++)
        {
            var job = (await _store.Queue.ClaimAsync(["default"], 10, default)).ShouldHaveSingleItem();
            job.Claim.Token.ShouldBeLessThan(0);
            if (round == 0)
                await _store.Queue.ReleaseAsync([job.Claim], default);
            else
                await TestStore.PassTimeAsync(postgres.ConnectionString, _silence * 2);
            (await _store.Maintenance.RescueAsync(_silence, null, default)).ShouldBe(round == 0 ? 0 : 1);
        }
    }

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(int.MinValue)]
    public async Task A_claimed_row_with_such_a_token_is_rescued_or_released(int token)
    {
        await AddAsync(JobStates.Enqueued);
        var job = (await _store.Queue.ClaimAsync(["default"], 10, default)).ShouldHaveSingleItem();
        await ExecuteAsync($"update hangfire.jobqueue set updatecount = {token}, fetchedat = now() - interval '1 hour'");

        await (token < 0 ? _store.Maintenance.RescueAsync(_silence, null, default) : _store.Queue.ReleaseAsync([job.Claim with { Token = token }], default));

        (await _store.Queue.ClaimAsync(["default"], 10, default)).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_scheduled_job_whose_queue_is_none_goes_to_the_default_queue_and_those_beside_it_to_theirs()
    {
        var odd = await AddAsync(JobStates.Scheduled, _longQueue);
        var sound = await AddAsync(JobStates.Scheduled);

        (await _store.Maintenance.EnqueueDueAsync(100, default)).ShouldBe(2);

        var jobs = await _store.Queue.ClaimAsync(["default"], 10, default);
        jobs.Select(job => job.JobId).ShouldBe([odd, sound]);
        jobs[0].LoadError.ShouldBe("The 'Queue' of the stored call is not the name of a queue.");
    }

    [Fact]
    public async Task A_job_that_waits_for_a_queue_that_is_none_fails_and_those_beside_it_are_released()
    {
        var odd = await AddAsync(JobStates.Awaiting, data: Awaiting(_longQueue));
        var sound = await AddAsync(JobStates.Awaiting, data: Awaiting("default"));
        var deep = await AddAsync(JobStates.Awaiting, data: Awaiting("default", $"\"Deep\": {new string('[', 1000)}{new string(']', 1000)}, "));

        await _store.Maintenance.ReleaseAwaitingAsync(100, default);

        (await _store.Reader.GetAsync(odd, default))!.State!.Name.ShouldBe(JobStates.Failed);
        (await _store.Reader.GetAsync(odd, default))!.State!.Data["ExceptionMessage"].ShouldContain("is not a queue name");
        (await _store.Queue.ClaimAsync(["default"], 10, default)).Select(job => job.JobId).ShouldBe([sound, deep]);

        static string Awaiting(string queue, string more = "") =>
            $$"""{ {{more}}"ParentId": "987654321", "NextState": "{\"$type\": \"Hangfire.States.EnqueuedState, Hangfire.Core\", \"Queue\": \"{{queue}}\"}"}""";
    }

    [Theory]
    [InlineData("[1,,2]")]
    [InlineData("[1 2]")]
    [InlineData("[01]")]
    [InlineData("[,]")]
    [InlineData("[99999999999999999999999999]")]
    public async Task Deaths_that_cannot_be_read_are_counted_anew(string deaths)
    {
        var id = await AddAsync(JobStates.Enqueued);
        await ExecuteAsync($"insert into hangfire.jobparameter (jobid, name, value) values ({id}, 'WorkerDeaths', '{deaths}')");
        await _store.Queue.ClaimAsync(["default"], 10, default);
        await TestStore.PassTimeAsync(postgres.ConnectionString, _silence * 2);

        (await _store.Maintenance.RescueAsync(_silence, null, default)).ShouldBe(1);

        WorkerDeaths.Count((await _store.Reader.GetAsync(id, default))!.Parameters).ShouldBe(1);
    }

    [Theory]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("1e308")]
    [InlineData("-Infinity")]
    public async Task Scores_may_be_anything(string score)
    {
        await ExecuteAsync($"insert into hangfire.set (key, score, value) values ('schedule', '{score}', '1'), ('recurring-jobs', '{score}', 'x')");

        var look = await _store.Queue.LookAsync(new(["default"]), default);
        var round = await _store.Recurring.EnqueueDueAsync(new(_ => true, TimeSpan.Zero, TimeSpan.Zero), default);

        (look.NextScheduled ?? TimeSpan.MaxValue).ShouldBe(score == "NaN" ? TimeSpan.MaxValue : TimeSpan.FromSeconds(score[0] == '-' ? -1e9 : 1e9));
        (round.NextIn ?? TimeSpan.MaxValue).ShouldBeGreaterThanOrEqualTo(TimeSpan.FromSeconds(1e9));
    }

    [Theory]
    [InlineData("infinity", 9999)]
    [InlineData("-infinity", 1)]
    [InlineData("294276-12-31", 9999)]
    [InlineData("4713-01-01 BC", 1)]
    [InlineData("2026-07-01 12:34:56.789012+02", 2026)]
    public async Task Instants_that_NET_does_not_have_come_as_the_last_or_the_first_that_it_has(string instant, int year)
    {
        var id = await AddAsync(JobStates.Enqueued);
        await ExecuteAsync($"""
            update hangfire.job set createdat = '{instant}', expireat = '{instant}';
            update hangfire.state set createdat = '{instant}';
            insert into hangfire.server (id, data, lastheartbeat) values ('odd', null, '{instant}');
            """);

        var claimed = (await _store.Queue.ClaimAsync(["default"], 10, default)).ShouldHaveSingleItem();
        var details = (await _store.Reader.GetAsync(id, default)).ShouldNotBeNull();
        var listed = (await _store.Reader.ListAsync(JobStates.Enqueued, 0, 10, default)).ShouldHaveSingleItem();
        var server = (await _store.Servers.ListAsync(default)).ShouldHaveSingleItem();

        new[] { claimed.CreatedAt, details.CreatedAt, details.ExpireAt!.Value, details.State!.CreatedAt, listed.CreatedAt, listed.State.CreatedAt, server.LastHeartbeat }
            .ShouldAllBe(read => read.Year == year);
        if (year == 2026)
            claimed.CreatedAt.ShouldBe(DateTimeOffset.Parse("2026-07-01T10:34:56.789012Z", CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task An_orphan_whose_queue_is_none_waits_in_the_default_queue()
    {
        await AddAsync(JobStates.Processing, _longQueue, """{"ServerId": "jobrunner@dead:1:a"}""");

        (await _store.Maintenance.RescueOrphansAsync(_silence, null, default)).ShouldBe(1);

        (await _store.Queue.ClaimAsync(["default"], 10, default)).ShouldHaveSingleItem();
    }

    /// <summary>The rows of a job in a state, an hour old.</summary>
    async Task<long> AddAsync(string state, string? queue = null, string? data = null)
    {
        var call = $$"""{"Type": "X, Y", "Method": "Z", "ParameterTypes": "[]"{{(queue is null ? "" : $", \"Queue\": \"{queue}\"")}}}""";
        var set = state switch { JobStates.Scheduled => "schedule", JobStates.Awaiting => "awaiting", _ => null };
        return (long)(await Sql.ScalarAsync(postgres.ConnectionString, """
            with new as materialized (
                select nextval('hangfire.job_id_seq') as id, nextval('hangfire.state_id_seq') as stateid
            ), job as (
                insert into hangfire.job (id, stateid, statename, invocationdata, arguments, createdat)
                select id, stateid, @state, @call::jsonb, '[]', now() - interval '1 hour' from new
            ), state as (
                insert into hangfire.state (id, jobid, name, createdat, data) select stateid, id, @state, now() - interval '1 hour', @data::jsonb from new
            ), waiting as (
                insert into hangfire.jobqueue (jobid, queue) select id, 'default' from new where @state = 'Enqueued'
            ), entry as (
                insert into hangfire.set (key, score, value) select @set, 0, id::text from new where @set <> ''
            )
            select id from new
            """, new("state", state), new("call", call), new("data", data ?? """{"EnqueueAt": "1700000000000"}"""), new("set", set ?? "")))!;
    }

    Task ExecuteAsync(string sql) => Sql.ExecuteAsync(postgres.ConnectionString, sql);
}
