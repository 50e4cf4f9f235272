using System.Collections.Concurrent;
using JobRunner.Storage;
using Microsoft.Extensions.Options;

namespace JobRunner.Worker;

/// <summary>All executions that this worker holds, waiting ones included, until their end is committed.</summary>
sealed class Executions(ClaimWake wake, IOptions<WorkerOptions> options)
{
    readonly ConcurrentDictionary<Claim, Execution> _held = new();
    readonly AsyncAutoResetEvent _ended = new();
    long _payloadBytes;

    /// <summary>How many bytes the arguments of claimed jobs may have.</summary>
    public long PayloadLimit { get; } = options.Value.PayloadLimit;

    /// <summary>How many more bytes the arguments of claimed jobs may have; zero or less for none. What has ended counts until it is written:
    /// its arguments are in memory that long.</summary>
    public long PayloadRoom => PayloadLimit - Interlocked.Read(ref _payloadBytes);

    public int Count => _held.Count;

    public IEnumerable<Execution> All => _held.Select(entry => entry.Value);

    /// <summary>True until its end is committed.</summary>
    public bool Holds(Execution execution) => _held.TryGetValue(execution.Job.Claim, out var held) && held == execution;

    /// <summary>Ends an execution: its outcome is on its way to the store.</summary>
    /// <returns>False when it had ended before.</returns>
    public bool TryEnd(Execution execution)
    {
        if (!execution.TryEnd())
            return false;
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
            Uncount(execution);
            execution.Ended?.Invoke();
            execution.Dispose();
        }
    }

    /// <summary>Does not count the arguments of an execution any more: its outcome may be here for long, and others must go on.</summary>
    public void Uncount(Execution execution)
    {
        if (execution.Uncount() is > 0 and var bytes && Interlocked.Add(ref _payloadBytes, -bytes) is var left && left < PayloadLimit && left + bytes >= PayloadLimit)
            wake.Freed();
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
