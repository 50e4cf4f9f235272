using JobRunner.Storage;
using Npgsql;

namespace JobRunner.Postgres;

/// <summary>Inserts jobs that wait for another one.</summary>
sealed class ContinuationInserter(
    Database database, DistributedLocks locks, JobLocks jobLocks, JobInserter inserter, StateWriter writer, QueueRule? queues,
    RetentionRule retention, TimeProvider time)
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
    public async Task<IReadOnlyList<long>> AddAsync(
        long parentId, IReadOnlyList<NewJob> jobs, CancellationToken cancellationToken)
    {
        IReadOnlyList<long> ids = [];
        var done = await locks.UnderLockAsync(jobLocks.NameOf(parentId), JobLocks.Timeout,
            async connection => ids = await AddAsync(connection, parentId, jobs, cancellationToken), cancellationToken);
        return done ? ids : throw jobLocks.LockedTooLong([parentId]);
    }

    async Task<IReadOnlyList<long>> AddAsync(
        NpgsqlConnection connection, long parentId, IReadOnlyList<NewJob> jobs, CancellationToken cancellationToken)
    {
        var (state, listed) = await SeeParentAsync(connection, parentId, cancellationToken);
        var added = await inserter.AddAsync(connection, jobs, cancellationToken);
        var continuations = Continuation.Append(listed, added.Zip(jobs, (job, given) => Continuation.Of(job.JobId, given.State)));
        await using (var replace = Database.Batch(
            connection, database.Command(ReplaceContinuationsSql, Parameters.Of(parentId), Parameters.Of(continuations))))
            await replace.ExecuteNonQueryAsync(cancellationToken);
        if (state is not null && JobStates.IsFinal(state))
            await writer.ApplyAsync(connection, [.. added.Zip(jobs, Released)], cancellationToken);
        return [.. added.Select(job => job.JobId)];

        StateChange Released((long JobId, long StateId) job, NewJob given)
        {
            var next = AwaitingState.Release(given.State.Data, state, time.GetUtcNow());
            return new(job.JobId, job.StateId, JobStates.Awaiting, [queues?.Apply(next, given.Invocation) ?? next], given.Invocation.Queue)
            {
                Retention = retention.Of(next, given.Invocation),
            };
        }
    }

    async Task<(string? State, string?[] Continuations)> SeeParentAsync(
        NpgsqlConnection connection, long parentId, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(database.Names.In(ParentSql), connection) { Parameters = { Parameters.Of(parentId) } };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
            throw Continuation.NoParent(parentId);
        return (StoredText.ReadOrNull(reader, 0), reader.IsDBNull(1) ? [] : reader.GetFieldValue<string?[]>(1));
    }
}
