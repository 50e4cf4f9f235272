using System.Data;
using Npgsql;

namespace JobRunner.Postgres;

/// <summary>
/// Keeps a process to the few connections that it needs: who finds all that are open in use waits a moment for one before another
/// is opened. So a worker of many that has a job now and then lives on one, and one that is busy all the time gets as many as its pool may have.
/// </summary>
/// <remarks>Nobody waits for long, so whoever holds a connection may ask for another. Thread-safe.</remarks>
sealed class ConnectionGate(TimeProvider time)
{
    // Longer than nearly all statements take; short against what a busy process gains by another connection.
    static readonly TimeSpan _patience = TimeSpan.FromMilliseconds(25);

    // How long what was opened in a burst may still be used.
    static readonly TimeSpan _memory = TimeSpan.FromSeconds(10);

    readonly Lock _lock = new();
    readonly LinkedList<TaskCompletionSource> _line = new();
    int _limit = 1;
    int _used;
    int _mostUsed;
    long _countedAt = time.GetTimestamp();

    /// <summary>Waits for a place.</summary>
    public Task EnterAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Forget();
            if (_used >= _limit)
                return WaitAsync(_line.AddLast(new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)), cancellationToken);
            Use();
            return Task.CompletedTask;
        }
    }

    /// <summary>Ends the use when the connection is closed.</summary>
    public NpgsqlConnection Watch(NpgsqlConnection connection)
    {
        var isOpen = 1;
        connection.StateChange += (_, change) =>
        {
            if (change.CurrentState is ConnectionState.Closed && Interlocked.Exchange(ref isOpen, 0) == 1)
                Leave();
        };
        return connection;
    }

    /// <summary>Ends a use.</summary>
    public void Leave()
    {
        lock (_lock)
        {
            if (_line.First is { } next && _used <= _limit)
            {
                _line.RemoveFirst();
                next.Value.SetResult();
            }
            else
            {
                _used--;
            }
        }
    }

    async Task WaitAsync(LinkedListNode<TaskCompletionSource> place, CancellationToken cancellationToken)
    {
        try
        {
            await place.Value.Task.WaitAsync(_patience, time, cancellationToken);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            if (!GoesOn(place, e is TimeoutException))
                throw;
        }
    }

    /// <returns>False when it was cancelled, and has no place.</returns>
    bool GoesOn(LinkedListNode<TaskCompletionSource> place, bool opensOneMore)
    {
        lock (_lock)
        {
            if (place.List is null)
                return true; // its turn came just now
            _line.Remove(place);
            if (!opensOneMore)
                return false;
            Use();
            _limit = Math.Max(_limit, _used);
            return true;
        }
    }

    void Use() => _mostUsed = Math.Max(_mostUsed, ++_used);

    void Forget()
    {
        if (time.GetElapsedTime(_countedAt) < _memory)
            return;
        _limit = Math.Max(1, _mostUsed);
        (_mostUsed, _countedAt) = (_used, time.GetTimestamp());
    }
}
