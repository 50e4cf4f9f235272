namespace JobRunner.Chaos;

/// <summary>What a run is given.</summary>
/// <param name="Seed">Repeats the plan and the workload.</param>
/// <param name="FaultTime">How long faults are injected.</param>
/// <param name="Workers">How many workers there are at a time.</param>
/// <param name="Jobs">About how many jobs are enqueued, evenly over that time.</param>
/// <param name="LongestWait">How long jobs on the async lane take at most; they take half of it on average.</param>
/// <param name="RescueAfter">After how long a silence workers call each other dead.</param>
/// <param name="Pooler">Whether they go through PgBouncer.</param>
/// <param name="Kinds">The faults to draw from.</param>
/// <param name="Worker">The worker's file, or null for the one that was built with this.</param>
/// <param name="Keep">Whether the logs and the ledger stay.</param>
sealed record ChaosOptions(
    int Seed, TimeSpan FaultTime, int Workers, int Jobs, TimeSpan LongestWait, TimeSpan RescueAfter, bool Pooler, IReadOnlyList<FaultKind> Kinds, string? Worker, bool Keep)
{
    /// <summary>How long what is left may take once nothing goes wrong any more.</summary>
    public TimeSpan SettleTime => TimeSpan.FromSeconds(90) + (10 * RescueAfter) + (2 * LongestWait);

    /// <summary>Room for the server's files and its log of writes, and little more.</summary>
    public int DiskMegabytes => 500 + (Jobs / 200);
}
