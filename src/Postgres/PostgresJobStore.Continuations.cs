using JobRunner.Storage;
using Npgsql;

namespace JobRunner.Postgres;

sealed partial class PostgresJobStore
{
    // The row is kept from being removed by expiry until we commit.
    const string ParentSql = """
        select j.statename,
               (select array_agg(p.value) from hangfire.jobparameter p where p.jobid = j.id and p.name = 'Continuations')
        from hangfire.job j where j.id = $1
        for key share of j
        """;

    // Nothing but the lock forbids two rows of one name, which Hangfire's servers could not read: whatever was there is replaced.
    const string ReplaceContinuationsSql = """
        with old as (
            delete from hangfire.jobparameter where jobid = $1 and name = 'Continuations'
        )
        insert into hangfire.jobparameter (jobid, name, value) values ($1, 'Continuations', $2)
        """;

    /// <remarks>What a Hangfire client does in three transactions is done in one, under the same lock.</remarks>
    public async Task<IReadOnlyList<long>> AddContinuationsAsync(
        long parentId, IReadOnlyList<NewJob> jobs, CancellationToken cancellationToken)
    {
        IReadOnlyList<long> ids = [];
        var done = await UnderLockAsync(JobLockOf(parentId), _jobLockTimeout,
            async connection => ids = await AddContinuationsAsync(connection, parentId, jobs, cancellationToken), cancellationToken);
        return done ? ids : throw LockedTooLong([parentId]);
    }

    async Task<IReadOnlyList<long>> AddContinuationsAsync(
        NpgsqlConnection connection, long parentId, IReadOnlyList<NewJob> jobs, CancellationToken cancellationToken)
    {
        var (state, listed) = await SeeParentAsync(connection, parentId, cancellationToken);
        var added = await AddAsync(connection, jobs, cancellationToken);
        var continuations = Continuation.Append(listed, added.Zip(jobs, (job, given) => Continuation.Of(job.JobId, given.State)));
        await using (var replace = Batch(
            connection, Command(ReplaceContinuationsSql, Parameters.Of(parentId), Parameters.Of(continuations))))
            await replace.ExecuteNonQueryAsync(cancellationToken);
        if (state is not null && JobStates.IsFinal(state))
            await ApplyAsync(connection, [.. added.Zip(jobs, Released)], cancellationToken);
        return [.. added.Select(job => job.JobId)];

        StateChange Released((long JobId, long StateId) job, NewJob given) => new(job.JobId, job.StateId, JobStates.Awaiting,
            [WithQueue(AwaitingState.Release(given.State.Data, state, _time.GetUtcNow()), given.Invocation)], given.Invocation.Queue);
    }

    static async Task<(string? State, string?[] Continuations)> SeeParentAsync(
        NpgsqlConnection connection, string sql, long parentId, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { Parameters = { Parameters.Of(parentId) } };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
            throw Continuation.NoParent(parentId);
        return (TextOrNull(reader, 0), reader.IsDBNull(1) ? [] : reader.GetFieldValue<string?[]>(1));
    }

    Task<(string? State, string?[] Continuations)> SeeParentAsync(
        NpgsqlConnection connection, long parentId, CancellationToken cancellationToken) =>
        SeeParentAsync(connection, _names.In(ParentSql), parentId, cancellationToken);
}
