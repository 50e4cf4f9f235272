namespace JobRunner.Postgres;

/// <summary>
/// Spares notifications of jobs that are added one by one, hundreds in a second: each commit that notifies wakes every listener of the database, and all such
/// commits wait for one another. What is added right after a notification is told of by the next one, some milliseconds later.
/// </summary>
/// <remarks>Thread-safe. A notification is a hint: when the later one fails, the workers' looks find the jobs.</remarks>
sealed class NewJobPacer(Database database, TimeProvider time)
{
    static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(5);

    static readonly TimeSpan _lastWords = TimeSpan.FromSeconds(1);

    const string TellSql = "select " + NewJobSignal.SendSql + " from (values ($1::bigint)) as told(jobs)";

    readonly Lock _lock = new();
    long? _toldAt;
    long _untold;
    Task _later = Task.CompletedTask;

    /// <summary>True when the statement that adds jobs is to tell of them itself; otherwise <see cref="TellLater"/> is called when it has committed.</summary>
    public bool TellsNow()
    {
        lock (_lock)
        {
            if (_toldAt is { } last && time.GetElapsedTime(last) < _pause)
                return false;
            _toldAt = time.GetTimestamp();
            return true;
        }
    }

    /// <summary>Tells of jobs that have been added, together with others.</summary>
    public void TellLater(int jobs)
    {
        lock (_lock)
        {
            _untold += jobs;
            if (_untold == jobs)
                _later = TellAsync();
        }
    }

    /// <summary>Waits until all have been told of, for a second at most.</summary>
    public Task FinishAsync() => Task.WhenAny(_later, Task.Delay(_lastWords, time));

    async Task TellAsync()
    {
        await Task.Delay(_pause, time);
        long jobs;
        lock (_lock)
        {
            (jobs, _untold) = (_untold, 0);
            _toldAt = time.GetTimestamp();
        }

        try
        {
            await database.ExecuteAsync(database.Command(TellSql, Parameters.Of(jobs)), CancellationToken.None);
        }
        catch (Exception)
        {
            // A hint that is lost.
        }
    }
}
