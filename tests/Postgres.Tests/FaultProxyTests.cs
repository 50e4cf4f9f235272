using System.Diagnostics;
using JobRunner.TestSupport;
using Npgsql;

namespace JobRunner.Postgres.Tests;

/// <summary>The proxy that other tests rely on does what it says, exactly.</summary>
public sealed class FaultProxyTests(PostgresFixture fixture) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    readonly FaultProxy _proxy = Before(fixture);

    public Task InitializeAsync() => Sql.ExecuteAsync(fixture.ConnectionString, "create table if not exists kept (n int); truncate kept");

    public async Task DisposeAsync() => await _proxy.DisposeAsync();

    [Theory(Timeout = 30_000)]
    [InlineData("", false)] // parsed anew each time
    [InlineData("", true)] // prepared before the cut was armed, and only bound by its name after it
    [InlineData("No Reset On Close=true;Max Auto Prepare=10;Auto Prepare Min Usages=1", false)]
    public async Task An_insert_whose_answer_is_cut_has_committed_although_its_client_saw_an_exception(string settings, bool prepared)
    {
        await using var connection = await OpenAsync(settings);
        await using var insert = new NpgsqlCommand("insert into kept values ($1)", connection) { Parameters = { new() { Value = 1 } } };
        if (prepared)
            await insert.PrepareAsync();
        await insert.ExecuteNonQueryAsync();
        using var cut = _proxy.CutAnswersOf(sql => sql.StartsWith("insert into kept", StringComparison.Ordinal));
        insert.Parameters[0].Value = 2;

        await Should.ThrowAsync<NpgsqlException>(() => insert.ExecuteNonQueryAsync());

        await cut.Done;
        cut.Hits.ShouldBe(1);
        (await KeptAsync()).ShouldBe("1,2");
        await using var next = await OpenAsync(settings);
        await ExecuteAsync(next, "insert into kept values (3)"); // the cut was for once
        (await KeptAsync()).ShouldBe("1,2,3");
    }

    [Fact(Timeout = 30_000)]
    public async Task An_insert_whose_request_is_cut_has_not_come_about()
    {
        await using var connection = await OpenAsync();
        using var cut = _proxy.CutRequestsOf(sql => sql.Contains("(2)", StringComparison.Ordinal));
        await ExecuteAsync(connection, "insert into kept values (1)");
        await using var batch = new NpgsqlBatch(connection) { BatchCommands = { new("insert into kept values (3)"), new("insert into kept values (2)") } };

        await Should.ThrowAsync<NpgsqlException>(() => batch.ExecuteNonQueryAsync());

        cut.Hits.ShouldBe(1);
        (await KeptAsync()).ShouldBe("1");
    }

    [Fact(Timeout = 30_000)]
    public async Task Inside_a_transaction_it_is_the_commit_that_is_cut()
    {
        await using var connection = await OpenAsync();
        using var insert = _proxy.CutAnswersOf(sql => sql.StartsWith("insert", StringComparison.Ordinal));
        using var commit = _proxy.CutAnswersOf(sql => sql == "COMMIT");
        await using var transaction = await connection.BeginTransactionAsync();
        await ExecuteAsync(connection, "insert into kept values (1)"); // committed nothing yet

        await Should.ThrowAsync<NpgsqlException>(() => transaction.CommitAsync());

        (insert.Hits, commit.Hits).ShouldBe((0, 1));
        (await KeptAsync()).ShouldBe("1");
    }

    [Fact(Timeout = 30_000)]
    public async Task A_statement_that_fails_has_not_committed_and_tells_its_error()
    {
        await using var connection = await OpenAsync();
        using var cut = _proxy.CutAnswersOf(sql => sql.Contains("kept", StringComparison.Ordinal));

        (await Should.ThrowAsync<PostgresException>(() => ExecuteAsync(connection, "insert into kept values (1 / 0)"))).SqlState.ShouldBe("22012");

        cut.Hits.ShouldBe(0);
        cut.Dispose();
        await ExecuteAsync(connection, "insert into kept values (1)"); // the same connection
        (await KeptAsync()).ShouldBe("1");
    }

    [Fact(Timeout = 60_000)]
    public async Task Of_many_clients_as_many_are_cut_as_was_said_and_all_has_committed()
    {
        using var cut = _proxy.CutAnswersOf(sql => sql.StartsWith("insert", StringComparison.Ordinal), times: 5);
        var failures = 0;
        await Parallel.ForAsync(0, 200, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (n, _) =>
        {
            try
            {
                await using var connection = await OpenAsync("Pooling=true");
                await ExecuteAsync(connection, $"insert into kept values ({n})");
            }
            catch (NpgsqlException)
            {
                Interlocked.Increment(ref failures);
            }
        });

        (cut.Hits, failures).ShouldBe((5, 5));
        (await Sql.ScalarAsync(fixture.ConnectionString, "select count(distinct n) from kept")).ShouldBe(200L);
    }

    [Fact(Timeout = 60_000)]
    public async Task Much_passes_unchanged()
    {
        await using var connection = await OpenAsync();
        using var never = _proxy.CutAnswersOf(sql => sql == "nothing of the kind");
        var text = string.Concat(Enumerable.Range(0, 1_000_000));
        for (var i = 0; i < 3; i++)
        {
            await using var echo = new NpgsqlCommand("select $1::text", connection) { Parameters = { new() { Value = text } } };
            (await echo.ExecuteScalarAsync()).ShouldBe(text);
        }

        await using var copy = await connection.BeginBinaryImportAsync("copy kept from stdin (format binary)");
        for (var n = 0; n < 100_000; n++)
        {
            await copy.StartRowAsync();
            await copy.WriteAsync(n);
        }

        await copy.CompleteAsync();
        await copy.DisposeAsync();
        await using var sum = new NpgsqlCommand("select sum(n) from kept", connection);
        (await sum.ExecuteScalarAsync()).ShouldBe(4_999_950_000L);
    }

    [Fact(Timeout = 30_000)]
    public async Task It_delays_requests()
    {
        await using var connection = await OpenAsync();
        _proxy.Delay(TimeSpan.FromMilliseconds(150));
        var began = Stopwatch.GetTimestamp();
        await ExecuteAsync(connection, "select 1");
        Stopwatch.GetElapsedTime(began).ShouldBeGreaterThan(TimeSpan.FromMilliseconds(140));
    }

    [Fact(Timeout = 30_000)]
    public async Task It_refuses_and_lets_in_again()
    {
        await using var connection = await OpenAsync();
        _proxy.Refuse();
        await Should.ThrowAsync<NpgsqlException>(() => ExecuteAsync(connection, "select 1"));
        await Should.ThrowAsync<NpgsqlException>(() => OpenAsync());

        _proxy.Pass();
        await using var next = await OpenAsync();
        await ExecuteAsync(next, "select 1");
        await Eventually.HoldsAsync(() => _proxy.Connections == 1);
    }

    [Fact(Timeout = 30_000)]
    public async Task In_a_black_hole_nobody_is_answered_until_it_passes_again()
    {
        await using var connection = await OpenAsync();
        _proxy.BlackHole();
        var waiting = ExecuteAsync(connection, "insert into kept values (1)");
        var opening = OpenAsync();
        await Should.ThrowAsync<NpgsqlException>(() => OpenAsync("Timeout=1")); // accepted, and never answered
        (waiting.IsCompleted, opening.IsCompleted, await KeptAsync()).ShouldBe((false, false, null));

        _proxy.Pass();
        await waiting;
        await (await opening).DisposeAsync();
        (await KeptAsync()).ShouldBe("1");
    }

    [Fact(Timeout = 30_000)]
    public async Task It_cuts_all_once()
    {
        await using var connection = await OpenAsync();
        _proxy.CutAll();
        await Should.ThrowAsync<NpgsqlException>(() => ExecuteAsync(connection, "select 1"));
        await using var next = await OpenAsync();
        await ExecuteAsync(next, "select 1");
    }

    static FaultProxy Before(PostgresFixture fixture) => new(fixture.ConnectionString);

    async Task<NpgsqlConnection> OpenAsync(string settings = "")
    {
        var connection = new NpgsqlConnection($"{_proxy.ConnectionString};Pooling=false;{settings}");
        await connection.OpenAsync();
        return connection;
    }

    static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    async Task<string?> KeptAsync() => await Sql.ScalarAsync(fixture.ConnectionString, "select string_agg(n::text, ',' order by n) from kept") as string;
}
