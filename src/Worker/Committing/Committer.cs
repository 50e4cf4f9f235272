using System.Threading.Channels;
using JobRunner.Storage;
using Microsoft.Extensions.Logging;

namespace JobRunner.Worker;

/// <summary>
/// Writes what became of executions, many at once. One loop, and two writes in flight, so that the store works on one while
/// the other is being made or read: what arrives meanwhile is the next batch, so batches grow with the load and a single end is
/// written at once. A slot of a lane is free only when its outcome has been accepted here, and the line is bounded: that is
/// the back-pressure.
/// </summary>
sealed class Committer(
    IJobStore store, Executions executions, WorkerIdentity identity, QueueRule queues, TimeProvider time, ILogger<Committer> logger)
{
    const int MaxBatch = 1000;

    // A write has its price whatever is in it: right after another one, a few outcomes wait for more.
    const int WorthWriting = 64;
    static readonly TimeSpan _gather = TimeSpan.FromMilliseconds(4);

    readonly Channel<(Execution Execution, Outcome? Outcome)> _line =
        Channel.CreateBounded<(Execution, Outcome?)>(new BoundedChannelOptions(4 * MaxBatch) { SingleReader = true });
    readonly Random _random = Random.Shared;
    readonly Outage _outage = new(logger, "write outcomes", time);
    readonly BusyOutcomes _busy = new(time, logger);

    /// <summary>Hands over an outcome; waits while the line is full.</summary>
    public ValueTask EndAsync(Execution execution, Outcome outcome) => _line.Writer.WriteAsync((execution, outcome));

    /// <summary>Asks for the row that says Processing. May be dropped: it is asked for again.</summary>
    public void Mark(Execution execution) => _line.Writer.TryWrite((execution, null));

    /// <summary>No more outcomes come: the loop ends when all are written.</summary>
    public void Complete() => _line.Writer.TryComplete();

    /// <summary>The loop. The token gives up on a store that cannot be reached.</summary>
    public async Task RunAsync(CancellationToken giveUp)
    {
        var earlier = Task.CompletedTask;
        var written = time.GetTimestamp();
        while (true)
        {
            // What it finds locked comes back, and must not wait for news.
            if (!_line.Reader.TryPeek(out _))
                await earlier;
            if (!await HasMoreAsync(giveUp))
                break;
            if (_line.Reader.Count < WorthWriting && _gather - time.GetElapsedTime(written) is var rest && rest > TimeSpan.Zero)
                await Task.Delay(rest, time, CancellationToken.None);
            written = time.GetTimestamp();
            var batch = NextBatch();
            // An end is guarded by the state row that its mark writes: a batch with marks is written alone.
            var marks = batch.ContainsValue(null);
            if (marks)
                await earlier;
            var write = _outage.RetryAsync(() => CommitAsync(batch), giveUp);
            await (marks ? write : earlier);
            earlier = write;
        }

        await earlier;
    }

    Dictionary<Execution, Outcome?> NextBatch()
    {
        var batch = new Dictionary<Execution, Outcome?>();
        while (batch.Count < MaxBatch && _line.Reader.TryRead(out var item))
            batch[item.Execution] = item.Outcome ?? batch.GetValueOrDefault(item.Execution);
        _busy.MoveDueTo(batch);
        return batch;
    }

    // Also when no more outcomes come, those whose jobs are locked have to be written.
    async Task<bool> HasMoreAsync(CancellationToken giveUp)
    {
        if (_busy.Count == 0)
            return await _line.Reader.WaitToReadAsync(giveUp);
        using var pause = new CancellationTokenSource(BusyOutcomes.Pause, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(pause.Token, giveUp);
        try
        {
            if (!await _line.Reader.WaitToReadAsync(either.Token))
                await Task.Delay(BusyOutcomes.Pause, time, giveUp);
        }
        catch (OperationCanceledException) when (!giveUp.IsCancellationRequested)
        {
            // it is time for another try
        }

        return true;
    }

    async Task CommitAsync(Dictionary<Execution, Outcome?> batch)
    {
        var (changed, changes) = Changes(batch);
        await GiveUpClaimsAsync(batch);
        if (changes.Count > 0)
            Note(batch, changed, changes, await store.ApplyAsync(changes, CancellationToken.None));
        foreach (var (execution, outcome) in batch)
        {
            if (outcome is not null)
                executions.Remove(execution);
        }
    }

    (List<Execution> Changed, List<StateChange> Changes) Changes(Dictionary<Execution, Outcome?> batch)
    {
        var now = time.GetUtcNow();
        var changes = new List<StateChange>(batch.Count);
        var changed = new List<Execution>(batch.Count);
        foreach (var (execution, outcome) in batch)
        {
            var change = outcome is null
                ? execution.IsMarked ? null : OutcomeStates.Start(execution, identity.ServerId)
                : OutcomeStates.End(execution, outcome, identity.ServerId, queues, now, _random);
            if (change is null)
                continue;
            changes.Add(change);
            changed.Add(execution);
        }

        return (changed, changes);
    }

    async Task GiveUpClaimsAsync(Dictionary<Execution, Outcome?> batch)
    {
        var interrupted = Leases<Outcome.Interrupted>(batch);
        if (interrupted.Count > 0)
            await store.ReleaseAsync([.. interrupted.Select(lease => lease.Claim)], CancellationToken.None);
        var cancelled = Leases<Outcome.Cancelled>(batch);
        if (cancelled.Count > 0)
            await store.DropAsync(cancelled, CancellationToken.None);
    }

    static List<Lease> Leases<T>(Dictionary<Execution, Outcome?> batch) where T : Outcome =>
        [.. batch.Where(item => item.Value is T).Select(item => item.Key.Lease)];

    void Note(Dictionary<Execution, Outcome?> batch, List<Execution> changed, List<StateChange> changes, AppliedChanges taken)
    {
        for (var i = 0; i < taken.Count; i++)
        {
            if (taken.Busy.Contains(i))
            {
                // Out of the batch, so that the execution stays and its lease is renewed. A mark is simply asked for again.
                if (batch.Remove(changed[i], out var outcome) && outcome is not null)
                    _busy.Add(changed[i], outcome);
            }
            else if (taken[i] is { } stateId)
            {
                changed[i].StateId = stateId;
                changed[i].StateName = changes[i].States[^1].Name;
                changed[i].IsMarked = true;
            }
            else if (changes[i].EndsClaim)
            {
                logger.LateFinish(changed[i].Job.JobId, changes[i].States[^1].Name);
            }
            else
            {
                changed[i].Stop(EndReason.LostLease);
            }
        }
    }
}
