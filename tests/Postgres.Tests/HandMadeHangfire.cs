using Npgsql;

namespace JobRunner.Postgres.Tests;

/// <summary>
/// What a real Hangfire client does to add a continuation, statement by statement and commit by commit: it makes the child
/// without a state, lists it with its parent under the parent's lock, and gives it its state after that.
/// </summary>
sealed class HandMadeHangfire(string connectionString) : IAsyncDisposable
{
    const string Next = """{"$type":"Hangfire.States.EnqueuedState, Hangfire.Core","Queue":"default"}""";

    readonly NpgsqlDataSource _source = NpgsqlDataSource.Create(
        new NpgsqlConnectionStringBuilder(connectionString) { MaxAutoPrepare = 30 }.ConnectionString);

    public static HandMadeHangfire Open(string connectionString) => new(connectionString);

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    /// <returns>The child, and whether its parent had ended by then.</returns>
    public async Task<(long Child, bool Late)> AddContinuationAsync(long parent)
    {
        var child = await AddChildAsync();
        var late = await ListAsync(parent, child);
        await GiveStateAsync(parent, child, late);
        return (child, late);
    }

    public async Task<long> AddChildAsync() => (long)(await ScalarAsync("""
        insert into hangfire.job (invocationdata, arguments, createdat, expireat)
        values ('{"Type": "T, A", "Method": "M", "ParameterTypes": "[]"}', '[]', now(), now() + interval '30 days') returning id
        """))!;

    /// <returns>Whether the parent has ended.</returns>
    public async Task<bool> ListAsync(long parent, long child)
    {
        await LockAsync($"hangfire:job:{parent}:state-lock");
        var entry = $$"""{"JobId":"{{child}}","Options":1}""";
        if (await ScalarAsync("select value from hangfire.jobparameter where jobid = $1 and name = 'Continuations'", parent) is string listed)
            await ScalarAsync("update hangfire.jobparameter set value = $2 where jobid = $1 and name = 'Continuations'", parent, $"{listed[..^1]},{entry}]");
        else
            await ScalarAsync("insert into hangfire.jobparameter (jobid, name, value) values ($1, 'Continuations', $2)", parent, $"[{entry}]");
        var state = (string?)await ScalarAsync("select statename from hangfire.job where id = $1", parent);
        await UnlockAsync($"hangfire:job:{parent}:state-lock");
        return state is JobStates.Succeeded or JobStates.Deleted;
    }

    public async Task GiveStateAsync(long parent, long child, bool late)
    {
        await using var transaction = _source.CreateBatch();
        transaction.BatchCommands.Add(Command("""
            with state as (
                insert into hangfire.state (jobid, name, createdat, data)
                values ($1, 'Awaiting', now(), jsonb_build_object('ParentId', $2, 'NextState', $3, 'Options', '1'))
                returning id
            ), entry as (
                insert into hangfire.set (key, score, value) select 'awaiting', extract(epoch from now()), $1::text where not $4
            )
            update hangfire.job set stateid = (select id from state), statename = 'Awaiting', expireat = null where id = $1
            """, child, parent.ToString(), Next, late));
        if (late)
            transaction.BatchCommands.Add(Command("""
                with state as (
                    insert into hangfire.state (jobid, name, createdat, data)
                    values ($1, 'Enqueued', now(), '{"Queue": "default", "EnqueuedAt": "1795212705384"}') returning id
                ), queued as (
                    insert into hangfire.jobqueue (jobid, queue) values ($1, 'default')
                )
                update hangfire.job set stateid = (select id from state), statename = 'Enqueued' where id = $1
                """, child));
        await transaction.ExecuteNonQueryAsync();
    }

    public async Task LockAsync(string resource)
    {
        while (await ScalarAsync("""
            insert into hangfire.lock (resource, acquired) select $1, now()
            where not exists (select from hangfire.lock where resource = $1) on conflict do nothing returning resource
            """, resource) is null)
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
    }

    public Task UnlockAsync(string resource) => ScalarAsync("delete from hangfire.lock where resource = $1", resource);

    async Task<object?> ScalarAsync(string sql, params object[] values)
    {
        await using var transaction = _source.CreateBatch();
        transaction.BatchCommands.Add(Command(sql, values));
        return await transaction.ExecuteScalarAsync();
    }

    static NpgsqlBatchCommand Command(string sql, params object[] values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        return command;
    }
}
