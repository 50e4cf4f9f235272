namespace JobRunner.TestSupport;

/// <summary>Cuts that wait for their statement, and how often they have come about. Disposing of it takes back those that have not.</summary>
public sealed class Cut : IDisposable
{
    readonly Func<string, bool> _statement;
    readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    int _left;
    int _hits;

    internal Cut(Func<string, bool> statement, int times, bool ofAnswer)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(times);
        (_statement, _left, IsOfAnswer) = (statement, times, ofAnswer);
    }

    /// <summary>How many connections were cut.</summary>
    public int Hits => Volatile.Read(ref _hits);

    /// <summary>Ends when all have come about.</summary>
    public Task Done => _done.Task;

    internal bool IsOfAnswer { get; }

    public void Dispose() => Interlocked.Exchange(ref _left, 0);

    internal bool IsArmed => Volatile.Read(ref _left) > 0;

    internal bool Fits(string sql) => IsArmed && _statement(sql);

    /// <summary>False when others have had them all.</summary>
    internal bool TryHit()
    {
        if (Interlocked.Decrement(ref _left) is var left && left < 0)
        {
            Interlocked.Increment(ref _left);
            return false;
        }

        Interlocked.Increment(ref _hits);
        if (left == 0)
            _done.TrySetResult();
        return true;
    }
}
