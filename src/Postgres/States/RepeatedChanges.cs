using JobRunner.Storage;
using Npgsql;
using NpgsqlTypes;

namespace JobRunner.Postgres;

/// <summary>
/// A commit whose answer was lost is written once more, and then its guards do not hold: the job is not in the state any more that
/// its execution saw, but in the one that the execution gave it. So what was refused is looked at again: the row that came
/// right after the seen one must be the change's own first row. Nobody else writes such a row: it is Processing with the name of the
/// run, or comes right after that one. Rare, since nearly all that is refused was cut off in the same way.
/// </summary>
sealed class RepeatedChanges(Database database, CompatibilityLevel level)
{
    const string RecognizeSql = """
        select c.ord, j.stateid
        from unnest($1::int[], $2::bigint[], $3::bigint[], $4::bigint[], $5::int[], $6::bool[], $7::text[], $8::jsonb[])
            as c(ord, jobid, seen, queueid, token, ends, name, data)
        cross join lateral (select stateid from hangfire.job where id = c.jobid offset 0) j
        cross join lateral (select (array_agg(s.id order by s.id))[1] as id from hangfire.state s where s.jobid = c.jobid and s.id > c.seen) first
        cross join lateral (select id, name, data from hangfire.state where id = first.id offset 0) next
        where next.name = c.name and next.data = c.data
          and (c.ends or next.id = j.stateid
               and (select q.updatecount from hangfire.jobqueue q where q.id = c.queueid) = c.token)
        """;

    public async Task<AppliedChanges> RecognizeAsync(
        NpgsqlConnection connection, IReadOnlyList<StateChange> changes, AppliedChanges applied, CancellationToken cancellationToken)
    {
        var refused = changes.Index()
            .Where(change => change.Item.Claim is not null && applied[change.Index] is null && !applied.Busy.Contains(change.Index)).ToArray();
        if (refused.Length == 0)
            return applied;
        long?[] taken = [.. applied];
        await using var batch = Database.IndexedBatch(connection, database.Command(RecognizeSql,
            Parameters.Of(Array.ConvertAll(refused, r => r.Index), NpgsqlDbType.Integer),
            Parameters.Ids(refused.Select(r => r.Item.JobId)), Parameters.Ids(refused.Select(r => r.Item.SeenStateId)),
            Parameters.QueueRows(refused.Select(r => r.Item.Claim!.Value)), Parameters.Tokens(refused.Select(r => r.Item.Claim!.Value)),
            Parameters.Of(Array.ConvertAll(refused, r => r.Item.EndsClaim), NpgsqlDbType.Boolean),
            Parameters.Of(Array.ConvertAll(refused, r => r.Item.States[0].Name), NpgsqlDbType.Text),
            Parameters.Of(Array.ConvertAll(refused, r => StateData.Write(StateLevel.At(level, r.Item.States[0]))), NpgsqlDbType.Jsonb)));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            taken[reader.GetInt32(0)] = reader.GetInt64(1);
        return new(taken, applied.Busy);
    }
}
