using Npgsql;

namespace JobRunner.Postgres;

/// <summary>The connection that listens, which signs of life borrow between two waits: a worker needs one for both.</summary>
/// <remarks>Both have a thread of their own, and the wait is short, so nobody waits for a job here. Who cannot have it soon goes without:
/// nothing listens behind a pooler, or the connection is just being made anew.</remarks>
sealed class LifeLine
{
    static readonly TimeSpan _shortest = TimeSpan.FromMilliseconds(100);
    static readonly TimeSpan _longest = TimeSpan.FromMilliseconds(500);
    static readonly TimeSpan _patience = 2 * _longest;

    readonly object _lock = new();
    long _lentAt = Environment.TickCount64;
    NpgsqlConnection? _connection;
    bool _isOffered;
    bool _isLent;
    int _wanted;

    /// <summary>How long the listener waits for notifications before it asks whether others want the connection: a tenth of the time between two who did,
    /// since a wait that ends without one has its price (half a millisecond of exceptions in Npgsql).</summary>
    public TimeSpan Slice { get; private set; } = _shortest;

    /// <summary>Lets others have the connection, if they want it, until nobody does.</summary>
    /// <returns>True when somebody did.</returns>
    public bool Lend(NpgsqlConnection connection)
    {
        lock (_lock)
        {
            var isWanted = _wanted > 0;
            if (isWanted)
            {
                Slice = TimeSpan.FromMilliseconds(Math.Clamp((Environment.TickCount64 - _lentAt) / 10, _shortest.TotalMilliseconds, _longest.TotalMilliseconds));
                _lentAt = Environment.TickCount64;
            }

            (_connection, _isOffered) = (connection, true);
            Monitor.PulseAll(_lock);
            while (_wanted > 0)
                Monitor.Wait(_lock);
            _isOffered = false;
            return isWanted;
        }
    }

    /// <summary>There is no connection any more.</summary>
    public void Lost()
    {
        lock (_lock)
        {
            _connection = null;
            Monitor.PulseAll(_lock);
        }
    }

    /// <summary>Borrows it; null when that cannot be soon.</summary>
    public LifeLineLoan? Borrow()
    {
        lock (_lock)
        {
            var until = Environment.TickCount64 + (long)_patience.TotalMilliseconds;
            _wanted++;
            while (_connection is not null && (!_isOffered || _isLent) && until > Environment.TickCount64)
                Monitor.Wait(_lock, _shortest);
            if (_connection is { } connection && _isOffered && !_isLent)
            {
                _isLent = true;
                return new(connection, this);
            }

            _wanted--;
            Monitor.PulseAll(_lock);
            return null;
        }
    }

    public void GiveBack()
    {
        lock (_lock)
        {
            _isLent = false;
            _wanted--;
            Monitor.PulseAll(_lock);
        }
    }
}

/// <summary>A connection for a sign of life, to dispose after it.</summary>
/// <param name="connection">The connection.</param>
/// <param name="line">Whose it is; null for one of its own.</param>
sealed class LifeLineLoan(NpgsqlConnection connection, LifeLine? line) : IDisposable
{
    public NpgsqlConnection Connection => connection;

    public void Dispose()
    {
        if (line is null)
            connection.Dispose();
        else
            line.GiveBack();
    }
}
