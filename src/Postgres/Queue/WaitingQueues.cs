using Npgsql;
using NpgsqlTypes;

namespace JobRunner.Postgres;

/// <summary>Finds out in which of very many queues jobs wait, so that not every one of them has to be looked at.</summary>
sealed class WaitingQueues(Database database)
{
    /// <summary>Above so many queues it is worth it.</summary>
    public const int Many = 64;

    const int MostNames = 100;
    const int FirstProbe = 250;

    // From one queue to the next by the index, whoever's they are.
    internal const string NamesSql = "with recursive " + QueueRowSql.WaitingNames + " select queue from names";

    internal const string ProbeSql = """
        select wanted.queue from unnest($1::text[]) as wanted(queue)
        cross join lateral (
            select from hangfire.jobqueue
            where queue = wanted.queue and fetchedat is null
            order by fetchedat nulls first, jobid limit 1) head
        limit $2
        """;

    /// <summary>Finds those in which jobs wait, in the given order.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="queues">All.</param>
    /// <param name="most">How many are wanted: when very many have jobs, only the first are found.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>And whether these are all.</returns>
    public async Task<(IReadOnlyList<string> Queues, bool AreAll)> FindAsync(
        NpgsqlConnection connection, IReadOnlyList<string> queues, int most, CancellationToken cancellationToken)
    {
        var names = await Database.ReadTextsAsync(connection, database.Command(NamesSql, Parameters.Of(MostNames)), cancellationToken);
        if (names.Count <= MostNames)
        {
            var waiting = names.ToHashSet(StringComparer.Ordinal);
            return ([.. queues.Where(waiting.Contains)], true);
        }

        // Where many have jobs, the first few of them nearly always do: the names of all are long to send.
        var found = new List<string>();
        var probed = 0;
        for (var next = FirstProbe; probed < queues.Count && found.Count < most; next *= 4)
        {
            var some = queues.Skip(probed).Take(next).ToArray();
            found.AddRange(await Database.ReadTextsAsync(connection,
                database.Command(ProbeSql, Parameters.Of(some, NpgsqlDbType.Text), Parameters.Of(most - found.Count)), cancellationToken));
            probed += some.Length;
        }

        return (found, probed == queues.Count && found.Count < most);
    }
}
