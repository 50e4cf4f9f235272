using System.Globalization;
using JobRunner.Storage;
using Microsoft.Extensions.Logging;

namespace JobRunner.Worker;

/// <summary>
/// Writes batches to the store until each outcome is written, whatever goes wrong. An outage is waited for. A batch that the
/// store refuses for what is in it is halved until the culprit is alone: it is tried again later, then ends as a failure in
/// words, and holds up no other. A job that somebody else has locked is tried again in a moment.
/// </summary>
sealed class OutcomeWriter(
    IWorkQueue queue, Executions executions, WorkerIdentity identity, QueueRule queues, RetentionRule retention, IExecutionHistory history,
    TimeProvider time, ILogger<OutcomeWriter> logger)
{
    // So often an outcome is refused before it is replaced by a failure in words: in two minutes. At once when what is in it is to blame.
    const int MostRefusals = 8;

    const string NotStored = "JobRunner.OutcomeNotStoredException";

    // As many failures in a row of a batch, by a store that answers otherwise, are no outage.
    const int MostDoubts = 5;

    // Who has a job's lock is done in a moment, or died, and then the store takes the lock over after a while: such an outcome is
    // never given up.
    static readonly TimeSpan _lockedPause = TimeSpan.FromMilliseconds(100);
    static readonly TimeSpan _longestPause = TimeSpan.FromMinutes(1);

    // Longer than Hangfire itself would wait.
    static readonly TimeSpan _worthTelling = TimeSpan.FromSeconds(15);

    readonly Random _random = Random.Shared;
    readonly StoreRetry _retry = new(logger, "write outcomes", time);
    readonly LaterOutcomes _locked = new(time);
    readonly LaterOutcomes _refused = new(time);
    volatile bool _isStopping;

    /// <summary>How many outcomes the store has refused so far.</summary>
    public int Refused => _refused.Count;

    /// <summary>How long until an outcome is worth another try; null when none waits for one.</summary>
    public TimeSpan? NextDueIn => (_locked.NextIn, _refused.NextIn) switch
    {
        ({ } locked, { } refused) => locked < refused ? locked : refused,
        var (locked, refused) => locked ?? refused,
    };

    /// <summary>The worker stops: what was refused has one more try, now.</summary>
    public void Complete()
    {
        _isStopping = true;
        while (_refused.Take() is { } write)
            _locked.Add(write, TimeSpan.Zero);
    }

    /// <summary>Takes out an outcome that is worth another try.</summary>
    public Write? TakeDue() => _locked.TakeDue() ?? _refused.TakeDue();

    /// <summary>Writes a batch. What it could not write is due later.</summary>
    /// <exception cref="OperationCanceledException">The token gave up on a store that cannot be reached.</exception>
    public async Task WriteAsync(List<Write> batch, CancellationToken giveUp)
    {
        var parts = new Stack<List<Write>>([batch]);
        var doubts = 0;
        while (parts.TryPop(out var part))
        {
            Exception failure;
            try
            {
                await CommitAsync(part);
                _retry.Over();
                doubts = 0;
                continue;
            }
            catch (Exception e) when (!giveUp.IsCancellationRequested)
            {
                failure = e;
            }

            var kind = StoreFailures.KindOf(failure);
            if (kind == StoreFailure.Doubtful)
                doubts = await AnswersAsync() ? doubts + 1 : 0;
            if (kind == StoreFailure.Outage || (kind == StoreFailure.Doubtful && doubts < MostDoubts))
            {
                parts.Push(part);
                await _retry.PauseAsync(failure, giveUp);
                giveUp.ThrowIfCancellationRequested();
            }
            else if (part.Count > 1)
            {
                parts.Push(part[(part.Count / 2)..]);
                parts.Push(part[..(part.Count / 2)]);
            }
            else
            {
                Refuse(part[0], failure, kind);
            }
        }
    }

    async Task<bool> AnswersAsync()
    {
        try
        {
            await queue.LookAsync(new([]), CancellationToken.None);
            return true;
        }
        catch (Exception)
        {
            return false;
        }
    }

    // What is in it is to blame: in words, at once. Else it may be a trigger of somebody's that will be mended, or a right that will be
    // granted again, so it has some more tries.
    void Refuse(Write write, Exception failure, StoreFailure kind)
    {
        var execution = write.Execution;
        execution.IsBeingWritten = false;
        execution.Refusals++;
        if (write.Outcome is null)
        {
            // It is asked for again. A job that must not begin without it cannot wait for ever.
            if (kind == StoreFailure.Refusal || execution.Refusals >= MostRefusals)
                execution.MarkRefused(failure);
            return;
        }

        if (execution.Refusals >= MostRefusals)
            executions.Uncount(execution);
        logger.RefusedOutcome(failure, execution.Job.JobId, execution.Refusals);
        var inWords = !IsInWords(write.Outcome) && (kind == StoreFailure.Refusal || execution.Refusals >= MostRefusals);
        var pause = TimeSpan.FromSeconds(Math.Min(_longestPause.TotalSeconds, Math.Pow(2, execution.Refusals - 1)));
        if (_isStopping)
            return; // the job is rescued, and runs again
        if (inWords)
            _refused.Add(new(execution, InWords(write.Outcome, failure)), TimeSpan.Zero);
        else
            _refused.Add(write, pause);
    }

    static bool IsInWords(Outcome outcome) => outcome is Outcome.Failed { Exception.Type: NotStored };

    static Outcome.Failed InWords(Outcome refused, Exception failure)
    {
        var message = string.Create(CultureInfo.InvariantCulture,
            $"The job {(refused is Outcome.Succeeded ? "succeeded" : "ended")}, and the store refuses what it left: {ExceptionInfo.From(failure).Message}");
        var told = new ExceptionInfo(NotStored, message, message);
        return refused is Outcome.Failed failed ? failed with { Exception = told } : new Outcome.Failed(EndReason.NotStored, told);
    }

    async Task CommitAsync(List<Write> batch)
    {
        foreach (var write in batch)
            write.Execution.IsBeingWritten = true;
        MakeOut(batch);
        await GiveUpClaimsAsync(batch);
        Write[] changing = [.. batch.Where(write => write.Change is not null)];
        HashSet<Write> locked = [];
        if (changing.Length > 0)
            locked = Note(changing, await queue.ApplyAsync([.. changing.Select(write => write.Change!)], CancellationToken.None));
        foreach (var write in batch)
        {
            write.Execution.IsBeingWritten = false;
            if (write.Outcome is null)
                continue; // a mark that found its job locked is asked for again
            if (locked.Contains(write))
                TryLater(write);
            else
                executions.Remove(write.Execution);
        }
    }

    void MakeOut(List<Write> batch)
    {
        var now = time.GetUtcNow();
        foreach (var write in batch.Where(write => !write.IsMadeOut))
        {
            var execution = write.Execution;
            write.Change = write.Outcome is { } outcome
                ? OutcomeStates.End(execution, outcome, identity.ServerId, queues, retention, now, _random)
                : execution.IsMarked ? null : OutcomeStates.Start(execution, identity.ServerId);
            if (history.IsKept && write is { Change: { } change, Outcome: { } ended })
                write.Change = change with { Run = EndedRuns.Of(execution, ended, identity.ServerId, now) };
            write.IsMadeOut = true;
        }
    }

    async Task GiveUpClaimsAsync(List<Write> batch)
    {
        var interrupted = Leases<Outcome.Interrupted>(batch, execution => execution.Lease);
        if (interrupted.Count > 0)
            await queue.ReleaseAsync([.. interrupted.Select(lease => lease.Claim)], CancellationToken.None);
        var now = time.GetUtcNow();
        var cancelled = Leases<Outcome.Cancelled>(batch, execution => history.IsKept
            ? execution.Lease with { Run = EndedRuns.OfCancelled(execution, identity.ServerId, now) }
            : execution.Lease);
        if (cancelled.Count > 0)
            await queue.DropAsync(cancelled, CancellationToken.None);
    }

    static List<Lease> Leases<T>(List<Write> batch, Func<Execution, Lease> leaseOf) where T : Outcome =>
        [.. batch.Where(write => write.Outcome is T && write.Change is null).Select(write => leaseOf(write.Execution))];

    /// <returns>Those whose jobs somebody else has locked.</returns>
    HashSet<Write> Note(Write[] changing, AppliedChanges taken)
    {
        for (var i = 0; i < taken.Count; i++)
        {
            var (execution, change) = (changing[i].Execution, changing[i].Change!);
            if (taken.Busy.Contains(i))
                continue;
            if (taken[i] is { } stateId)
            {
                execution.StateId = stateId;
                execution.StateName = change.States[^1].Name;
                execution.IsMarked = true;
                execution.Refusals = 0;
                execution.Marked();
            }
            else if (change.EndsClaim)
            {
                logger.LateFinish(execution.Job.JobId, change.States[^1].Name);
            }
            else
            {
                execution.Stop(EndReason.LostLease);
            }
        }

        return [.. taken.Busy.Select(i => changing[i])];
    }

    // The execution stays held, so that its lease is renewed.
    void TryLater(Write write)
    {
        _locked.Add(write, _lockedPause);
        var execution = write.Execution;
        var now = time.GetTimestamp();
        var waited = time.GetElapsedTime(execution.LockedSince ??= now, now);
        if (waited < _worthTelling || execution.ToldLocked)
            return;
        execution.ToldLocked = true;
        logger.LockedOutcome(execution.Job.JobId, waited.TotalSeconds);
    }
}
