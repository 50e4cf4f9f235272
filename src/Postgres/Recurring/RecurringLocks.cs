namespace JobRunner.Postgres;

/// <summary>The locks under which recurring jobs are changed and enqueued.</summary>
sealed class RecurringLocks(Database database, DistributedLocks locks, TimeProvider time)
{
    static readonly TimeSpan _longestRound = TimeSpan.FromSeconds(5);
    static readonly TimeSpan _firstPause = TimeSpan.FromMilliseconds(10);
    static readonly TimeSpan _longestPause = TimeSpan.FromMilliseconds(500);

    /// <summary>The lock of a whole round over those that are due.</summary>
    public string Round { get; } = locks.NameOf("recurring-jobs:lock");

    /// <summary>The lock of one recurring job.</summary>
    public string NameOf(string id) => locks.NameOf($"lock:recurring-job:{id}");

    const string RoundSql = """
        select extract(epoch from acquired)::text from hangfire.lock where resource = $1 and acquired > now() - interval '1 minute'
        """;

    /// <summary>Waits for the end of the round that a Hangfire server is in the middle of, if there is one. It may be in the next
    /// round by then, which does not matter: it has read anew what is due.</summary>
    /// <returns>False when there was no round to wait for.</returns>
    public async Task<bool> RoundHasEndedAsync(CancellationToken cancellationToken)
    {
        if (await RoundAsync() is not { } round)
            return false;
        var started = time.GetTimestamp();
        for (var pause = _firstPause; await RoundAsync() == round && time.GetElapsedTime(started) < _longestRound;
             pause = Shorter(pause * 1.5, _longestPause))
            await Task.Delay(pause, time, cancellationToken);
        return true;

        async Task<string?> RoundAsync()
        {
            await using var connection = await database.OpenAsync(cancellationToken);
            var round = await Database.ReadTextsAsync(connection, database.Command(RoundSql, Parameters.Of(Round)), cancellationToken);
            return round.Count > 0 ? round[0] : null;
        }
    }

    static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
