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
}
