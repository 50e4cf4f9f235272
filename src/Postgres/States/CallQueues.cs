using Npgsql;

namespace JobRunner.Postgres;

/// <summary>Which queues the attributes of stored calls name, for jobs that are enqueued again. Only where a name has places for arguments are
/// these read, and each job's are forgotten before the next one's are looked at: they may have megabytes.</summary>
sealed class CallQueues(Database database, QueueRule? rule)
{
    const string ArgumentsSql = $"select id, {StoredCall.DataSql}, arguments from hangfire.job where id = any($1)";

    /// <param name="connection">The connection.</param>
    /// <param name="jobs">The jobs, and their calls without arguments; null for one that cannot be read.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The queues of those jobs for which attributes name one.</returns>
    public async Task<IReadOnlyDictionary<long, string>> ReadAsync(
        NpgsqlConnection connection, IEnumerable<(long JobId, Invocation? Call)> jobs, CancellationToken cancellationToken)
    {
        var queues = new Dictionary<long, string>();
        if (rule is null)
            return queues;
        var byArguments = new List<long>();
        foreach (var (id, call) in jobs)
        {
            if (rule.NeedsArguments(call))
                byArguments.Add(id);
            else
                Note(id, call);
        }

        if (byArguments.Count == 0)
            return queues;
        await using var batch = Database.IndexedBatch(connection, database.Command(ArgumentsSql, Parameters.Ids(byArguments)));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            Note(reader.GetInt64(0), StoredCall.Read(reader, 1, 2).Invocation);
        return queues;

        void Note(long id, Invocation? call)
        {
            if (rule.Of(call) is { } queue)
                queues.Add(id, queue);
        }
    }
}
