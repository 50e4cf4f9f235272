using System.Collections.Concurrent;
using JobRunner.Storage;

namespace JobRunner.Worker;

/// <summary>All executions that this worker holds, waiting ones included, until their end is committed.</summary>
sealed class Executions
{
    readonly ConcurrentDictionary<Claim, Execution> _held = new();
    readonly AsyncAutoResetEvent _ended = new();
    long _payloadBytes;

    /// <summary>How many bytes the stored calls of jobs have that have not ended.</summary>
    public long PayloadBytes => Interlocked.Read(ref _payloadBytes);

    public int Count => _held.Count;

    public IEnumerable<Execution> All => _held.Select(entry => entry.Value);

    /// <summary>Ends an execution: its outcome is on its way to the store.</summary>
    /// <returns>False when it had ended before.</returns>
    public bool TryEnd(Execution execution)
    {
        if (!execution.TryEnd())
            return false;
        Interlocked.Add(ref _payloadBytes, -execution.PayloadBytes);
        _ended.Set();
        return true;
    }

    public void Add(Execution execution)
    {
        Interlocked.Add(ref _payloadBytes, execution.PayloadBytes);
        _held[execution.Job.Claim] = execution;
    }

    public void Remove(Execution execution)
    {
        if (_held.TryRemove(execution.Job.Claim, out _))
        {
            execution.Ended?.Invoke();
            execution.Dispose();
        }
    }

    /// <summary>Stops the run of a job that was deleted or requeued, if it is here; not one that began after that.</summary>
    public void Withdraw(long jobId, long stateId)
    {
        foreach (var (_, execution) in _held)
        {
            if (execution.Job.JobId == jobId && execution.StateId < stateId)
                execution.Stop(EndReason.Cancelled);
        }
    }

    /// <summary>Waits until each has ended, written or not, or the time is over.</summary>
    /// <returns>Those that have not.</returns>
    public async Task<IReadOnlyList<Execution>> WaitForEndsAsync(TimeSpan limit, TimeProvider time)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            Execution[] running = [.. All.Where(execution => !execution.HasEnded)];
            var rest = limit - time.GetElapsedTime(started);
            if (running.Length == 0 || rest <= TimeSpan.Zero)
                return running;
            await _ended.WaitAsync(rest, CancellationToken.None);
        }
    }
}
