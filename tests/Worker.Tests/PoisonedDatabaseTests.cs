using JobRunner.Storage;
using JobRunner.TestSupport;
using Npgsql;

namespace JobRunner.Worker.Tests;

/// <summary>What others may have left in the tables: it fails the job that it concerns, with words, and nothing else.</summary>
public sealed class PoisonedDatabaseTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    WorkerHost _worker = null!;

    public async Task InitializeAsync() => _worker = await WorkerHost.StartAsync(builder => builder.UsePostgres(postgres.ConnectionString));

    public async Task DisposeAsync() => await _worker.DisposeAsync();

    [Theory(Timeout = 60_000)]
    [InlineData("""["{not json"]""", "'text'")]
    [InlineData("""{"a": 1}""", "'Arguments' of the stored call is not an array")]
    [InlineData("""[1]""", "not a string")]
    [InlineData("""["1", "2"]""", "takes 1 arguments, and 2 are stored")]
    [InlineData("7", "not an array")]
    public async Task Arguments_that_cannot_be_read_fail_their_job_alone(string arguments, string told)
    {
        var id = await AddAsync(arguments: arguments);

        (await FailureAsync(id)).ShouldContain(told);
        await OthersRunAsync();
    }

    [Theory(Timeout = 60_000)]
    [InlineData("{}", "has no 'Type'")]
    [InlineData("[]", "cannot be read")]
    [InlineData("\"text\"", "cannot be read")]
    [InlineData("""{"Type": "X", "Method": "Y", "Queue": "NO QUEUE"}""", "not the name of a queue")]
    [InlineData("""{"Type": "JobRunner.TestSupport.ScriptedJobs, TestSupport", "Method": "EchoAsync", "ParameterTypes": "[broken"}""", "cannot be read")]
    [InlineData("""{"Type": "JobRunner.TestSupport.ScriptedJobs, TestSupport", "Method": "NoSuchMethod", "ParameterTypes": "[]"}""", "no public method NoSuchMethod()")]
    [InlineData("""{"Type": "JobRunner.TestSupport.NoSuchType, TestSupport", "Method": "Run", "ParameterTypes": "[]"}""", "NoSuchType")]
    public async Task A_call_that_cannot_be_read_fails_its_job_alone(string invocationData, string told)
    {
        var id = await AddAsync(invocationData);

        (await FailureAsync(id)).ShouldContain(told);
        await OthersRunAsync();
    }

    [Theory(Timeout = 60_000)]
    [InlineData("insert into hangfire.jobqueue (jobid, queue) values (987654321, 'default')")]
    [InlineData("update hangfire.job set statename = 'Confused' where id = {0}")]
    [InlineData("update hangfire.job set stateid = null, statename = null where id = {0}")]
    [InlineData("delete from hangfire.job where id = {0}")]
    [InlineData("insert into hangfire.set (key, score, value) values ('schedule', 0, 'rubbish'), ('schedule', 0, '987654321'), ('schedule', 0, 'a:b:c')")]
    [InlineData("insert into hangfire.server (id, data, lastheartbeat) values ('odd', null, now()), ('odder', '[]', now()), ('oddest', '{{\"Queues\": 7}}', now())")]
    public async Task Rows_that_make_no_sense_are_passed_over(string poison)
    {
        var id = await AddAsync(queue: "nobody");
        await ExecuteAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, poison, id));
        await ExecuteAsync("update hangfire.jobqueue set queue = 'default' where queue = 'nobody'");

        await OthersRunAsync();
        await Eventually.HoldsAsync(async () => (long)(await ExecuteAsync("select count(*) from hangfire.jobqueue"))! == 0);
        await _worker.Store.Reader.CountAsync(default);
        await _worker.Store.Servers.ListAsync(default);
        _worker.Log.Lines.ShouldNotContain(line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_state_without_data_and_two_parameters_of_one_name_do_no_harm()
    {
        var id = await AddAsync(queue: "nobody");
        await ExecuteAsync($"update hangfire.state set data = null where jobid = {id}");
        await ExecuteAsync($"""
            insert into hangfire.jobparameter (jobid, name, value)
            values ({id}, 'RetryCount', '1'), ({id}, 'RetryCount', '2'), ({id}, 'CurrentCulture', null), ({id}, 'CurrentCulture', 'rubbish')
            """);
        await ExecuteAsync("update hangfire.jobqueue set queue = 'default' where queue = 'nobody'");

        (await _worker.Client.WaitAsync<string>(id, TimeSpan.FromSeconds(20))).ShouldBe("poisoned");
        (await _worker.Store.Reader.GetAsync(id, default))!.History.Count.ShouldBe(3);
        await OthersRunAsync();
    }

    [Theory(Timeout = 60_000)]
    [InlineData("RetryCount")]
    [InlineData("CrashCount")]
    public async Task A_count_at_the_end_of_the_integers_does_not_keep_a_failure_from_being_written(string count)
    {
        var id = await AddAsync(
            """{"Type": "JobRunner.TestSupport.JobsHardToKeep, TestSupport", "Method": "FailAsync", "ParameterTypes": "[]"}""", "[]", "nobody");
        await ExecuteAsync($"insert into hangfire.jobparameter (jobid, name, value) values ({id}, '{count}', '2147483647')");
        await ExecuteAsync("update hangfire.jobqueue set queue = 'default' where queue = 'nobody'");

        (await FailureAsync(id)).ShouldContain("no luck");
        await OthersRunAsync();
        _worker.Log.Lines.ShouldNotContain(line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_schema_of_another_version_is_refused_by_name()
    {
        var connectionString = await PostgresFixture.CreateDatabaseAsync();
        await using (var other = await WorkerHost.StartAsync(builder => builder.UsePostgres(connectionString)))
            await ExecuteAsync("update hangfire.schema set version = 22", connectionString);

        var refusal = await Should.ThrowAsync<StoreException>(() => WorkerHost.StartAsync(builder => builder.UsePostgres(connectionString)));
        refusal.Message.ShouldContain("22");
        refusal.Message.ShouldContain("23");
    }

    /// <summary>Adds the row of a job as somebody else may have written it.</summary>
    async Task<long> AddAsync(string? invocationData = null, string arguments = "[\"\\\"poisoned\\\"\"]", string queue = "default")
    {
        var data = invocationData
            ?? """{"Type": "JobRunner.TestSupport.ScriptedJobs, TestSupport", "Method": "EchoAsync", "ParameterTypes": "[\"System.String\"]"}""";
        return (long)(await ExecuteAsync("""
            with new as (
                insert into hangfire.job (invocationdata, arguments, createdat, statename) values (@data::jsonb, @arguments::jsonb, now(), 'Enqueued') returning id
            ), state as (
                insert into hangfire.state (jobid, name, createdat, data)
                select id, 'Enqueued', now(), '{"EnqueuedAt": "1795212715109", "Queue": "default"}' from new
            ), waiting as (
                insert into hangfire.jobqueue (jobid, queue) select id, @queue from new
            )
            select id from new
            """, null, ("data", data), ("arguments", arguments), ("queue", queue)))!;
    }

    async Task<string> FailureAsync(long id)
    {
        await Eventually.HoldsAsync(async () => (await _worker.Client.GetAsync(id))!.History.Any(state => state.Name == "Failed"));
        return (await _worker.Client.GetAsync(id))!.History.First(state => state.Name == "Failed").Data["ExceptionDetails"];
    }

    async Task OthersRunAsync()
    {
        var id = await _worker.Client.EnqueueAsync(() => ScriptedJobs.EchoAsync("healthy"));
        (await _worker.Client.WaitAsync<string>(id, TimeSpan.FromSeconds(20))).ShouldBe("healthy");
    }

    Task<object?> ExecuteAsync(string sql, string? connectionString = null, params (string Name, object Value)[] parameters) => Sql.ScalarAsync(
        connectionString ?? postgres.ConnectionString, sql, [.. parameters.Select(parameter => new NpgsqlParameter(parameter.Name, parameter.Value))]);
}
