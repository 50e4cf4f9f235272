namespace JobRunner.Postgres;

/// <summary>What several statements say about queue rows.</summary>
static class QueueRowSql
{
    // Of row q: true when its job was enqueued anew while it ran, and has a row that came later. Then q stands for nothing any more:
    // given back it would run the job beside its new run, or once more. Only the newest is needed, so who removes older ones at the
    // same moment as others cannot remove all.
    public const string HasNewer = """

            (select bool_or(n.id > q.id) from (select id from hangfire.jobqueue where jobid = q.jobid order by queue) n)
        """;

    /// <summary>The queues in which jobs wait, by name and counted: read from one to the next, however many jobs each has. $1 bounds them; one more
    /// tells that there are more.</summary>
    public const string WaitingNames = """
        names as (
            (select queue, 1 as nth from hangfire.jobqueue where fetchedat is null order by fetchedat nulls first, queue limit 1)
            union all
            select next.queue, names.nth + 1 from names
            cross join lateral (
                select queue from hangfire.jobqueue
                where fetchedat is null and queue > names.queue order by fetchedat nulls first, queue limit 1) next
            where names.nth <= $1
        )
        """;
}
