using JobRunner.Storage;
using Npgsql;
using NpgsqlTypes;

namespace JobRunner.Postgres;

/// <summary>Locks of resources, in Hangfire's table.</summary>
sealed class ResourceLocks(Database database, DistributedLocks names) : IResourceLocks
{
    // Hangfire's table, and its names: its servers and we exclude each other. Its rows have updatecount 0, or 1 from a server
    // without native transactions, to whom 0 means free, and are never refreshed: they end by their age alone. Ours carry their
    // holder's token there, which is above both.
    const string AbandonedLocksSql = """
        delete from hangfire.lock
        where resource = any($2)
          and (updatecount <= 1 and acquired < now() - $3 or updatecount > 1 and acquired < now() - $1 and (
        """ + RescuerSql.May + "))";

    // In the order of the resources, so that two batches do not wait for each other in a circle.
    const string InsertLocksSql = """
        insert into hangfire.lock (resource, updatecount, acquired)
        select l.resource, l.token, now() from unnest($1::text[], $2::int[]) as l(resource, token) order by l.resource
        on conflict (resource) do nothing
        """;

    const string HeldLocksSql = """
        select l.ord from unnest($1::text[], $2::int[]) with ordinality as l(resource, token, ord)
        where (select k.updatecount from hangfire.lock k where k.resource = l.resource) = l.token
        """;

    public async Task<IReadOnlyList<ResourceLock>> AcquireAsync(
        IReadOnlyList<ResourceLock> locks, TimeSpan silence, Rescuer? rescuer, CancellationToken cancellationToken)
    {
        if (locks.Count == 0)
            return [];
        await using var connection = await database.OpenAsync(cancellationToken);
        await using var batch = Database.Batch(connection,
            database.Command(AbandonedLocksSql, Parameters.Of(silence), Resources(locks), Parameters.Of(names.Abandoned),
                Parameters.TextOrNull(rescuer?.ServerId), Parameters.Of(rescuer?.Gap ?? TimeSpan.Zero)),
            database.Command(InsertLocksSql, Resources(locks), Tokens(locks)),
            database.Command(HeldLocksSql, Resources(locks), Tokens(locks)));
        return await ReadLocksAsync(batch, locks, cancellationToken);
    }

    const string RefreshLocksSql = """
        update hangfire.lock k set acquired = now()
        from unnest($1::text[], $2::int[]) as l(resource, token)
        where k.resource = l.resource and k.updatecount = l.token
        """;

    public IReadOnlyList<ResourceLock> Refresh(IReadOnlyList<ResourceLock> locks)
    {
        if (locks.Count == 0)
            return [];
        using var loan = database.OpenForSignsOfLife();
        using var batch = Database.Batch(loan.Connection,
            database.Command(RefreshLocksSql, Resources(locks), Tokens(locks)), database.Command(HeldLocksSql, Resources(locks), Tokens(locks)));
        using var reader = batch.ExecuteReader();
        var held = new List<ResourceLock>(locks.Count);
        while (reader.Read())
            held.Add(locks[(int)reader.GetInt64(0) - 1]);
        return [.. locks.Except(held)];
    }

    const string ReleaseLocksSql = """
        delete from hangfire.lock k using unnest($1::text[], $2::int[]) as l(resource, token)
        where k.resource = l.resource and k.updatecount = l.token
        """;

    public Task ReleaseAsync(IReadOnlyList<ResourceLock> locks, CancellationToken cancellationToken) =>
        locks.Count == 0
            ? Task.CompletedTask
            : database.ExecuteAsync(database.Command(ReleaseLocksSql, Resources(locks), Tokens(locks)), cancellationToken);

    static async Task<IReadOnlyList<ResourceLock>> ReadLocksAsync(
        NpgsqlBatch batch, IReadOnlyList<ResourceLock> locks, CancellationToken cancellationToken)
    {
        // The statements before the last one return no rows, and are passed over.
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        var held = new List<ResourceLock>(locks.Count);
        while (await reader.ReadAsync(cancellationToken))
            held.Add(locks[(int)reader.GetInt64(0) - 1]);
        return held;
    }

    NpgsqlParameter Resources(IReadOnlyList<ResourceLock> locks) =>
        Parameters.Of(locks.Select(l => StoredText.Clean(names.NameOf(l.Resource))!).ToArray(), NpgsqlDbType.Text);

    static NpgsqlParameter Tokens(IReadOnlyList<ResourceLock> locks) =>
        Parameters.Of(locks.Select(l => l.Token).ToArray(), NpgsqlDbType.Integer);
}
