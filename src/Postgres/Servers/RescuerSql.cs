namespace JobRunner.Postgres;

/// <summary>What several statements ask of a worker that takes something from others.</summary>
static class RescuerSql
{
    // $4 asks, and has been heard without a gap of $5. As the request arrives: it may have been on its way for as long as an outage.
    public const string May = """
        select $4::text is null or coalesce((
                   select o.heardsince <= now() - $1 and v.lastheartbeat >= now() - $5
                   from hangfire.server v join jobrunner.server o on o.id = v.id where v.id = $4), false)
        """;
}
