using System.Collections.Concurrent;
using JobRunner.Storage;

namespace JobRunner.Worker;

/// <summary>All executions that this worker holds, waiting ones included, until their end is committed.</summary>
sealed class Executions
{
    readonly ConcurrentDictionary<Claim, Execution> _held = new();
    readonly SignalSlot _emptied = new();

    public int Count => _held.Count;

    public IEnumerable<Execution> All => _held.Select(entry => entry.Value);

    public void Add(Execution execution) => _held[execution.Job.Claim] = execution;

    public void Remove(Execution execution)
    {
        if (_held.TryRemove(execution.Job.Claim, out _))
        {
            execution.Ended?.Invoke();
            execution.Dispose();
        }

        if (_held.IsEmpty)
            _emptied.Set();
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

    /// <summary>Waits until none is held, or the time is over.</summary>
    public async Task WaitUntilEmptyAsync(TimeSpan limit, TimeProvider time)
    {
        var started = time.GetTimestamp();
        while (!_held.IsEmpty && limit - time.GetElapsedTime(started) is var rest && rest > TimeSpan.Zero)
            await _emptied.WaitAsync(rest, CancellationToken.None);
    }
}
