using JobRunner.Sandbox;
using JobRunner.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobRunner.Worker;

/// <summary>
/// What tells others that this worker lives and has its jobs: the announcement, the leases, the locks. On a thread of its own,
/// because jobs may block every thread of the pool, and a worker that falls silent loses all its jobs.
/// </summary>
sealed class SignsOfLife(
    IWorkQueue queue, IServerRegistry servers, Executions executions, Exclusions exclusions, WorkerLanes lanes, WorkerIdentity identity,
    OutcomeWriter writer, ISandboxPool pool, ThreadPoolWatch watch, IOptions<WorkerOptions> options, IOptions<SandboxOptions> sandboxOptions,
    TimeProvider time, ILogger<SignsOfLife> logger) : IDisposable
{
    const int Batch = 1000;
    static readonly TimeSpan _secondLook = TimeSpan.FromMilliseconds(250);

    // Leases that are renewed are older: under load nearly all jobs end before that.
    static readonly TimeSpan _young = TimeSpan.FromMilliseconds(500);
    static readonly TimeSpan _tick = TimeSpan.FromSeconds(1);
    static readonly TimeSpan _lastWords = TimeSpan.FromSeconds(1);

    readonly DateTimeOffset _startedAt = time.GetUtcNow();
    readonly ManualResetEventSlim _stop = new();
    Thread? _thread;

    // Who cannot renew its leases (the disk is full) lives, but others may be in the same place: it must not take them for dead.
    bool _cannotRenew;
    bool _couldNotRenew;

    WorkerOptions Options => options.Value;

    /// <summary>This worker, as it asks for the jobs of dead ones.</summary>
    public Rescuer Rescuer => new(identity.ServerId, Options.Gap, [.. executions.All.Select(execution => execution.Job.Claim)]);

    /// <summary>Announces this worker for the first time.</summary>
    public TimeSpan Announce()
    {
        var states = pool.Sandboxes.CountBy(sandbox => sandbox.State).ToDictionary();
        servers.Announce(new(identity.ServerId, Options.Groups.Names, lanes.Capacity, _startedAt, default)
        {
            Sandboxes = new(
                pool.LimitsInForce, states.GetValueOrDefault(SandboxState.Busy), states.GetValueOrDefault(SandboxState.Idle), sandboxOptions.Value.Maximum),
            Unwritten = writer.Refused,
        }, _couldNotRenew ? TimeSpan.Zero : Options.Gap);
        _couldNotRenew = _cannotRenew;
        return Options.HeartbeatInterval;
    }

    public void Start()
    {
        _thread = new(Run) { IsBackground = true, Name = "JobRunner signs of life" };
        _thread.Start();
    }

    /// <summary>Ends it; waits a second for what is under way.</summary>
    public void Stop()
    {
        _stop.Set();
        _thread?.Join(_lastWords);
    }

    public void Dispose() => _stop.Dispose();

    void Run()
    {
        Round[] rounds =
        [
            new("announce this worker", Announce, time, logger),
            new("renew leases", Renew, time, logger),
            new("keep locks", KeepLocks, time, logger),
            new("watch the thread pool", Watch, time, logger),
        ];
        try
        {
            while (!_stop.Wait(Shorter(rounds.Min(round => round.DueIn), _tick)))
            {
                foreach (var round in rounds.Where(round => round.DueIn <= TimeSpan.Zero))
                    round.Do();
            }
        }
        catch (ObjectDisposedException)
        {
            // The host is gone, and did not wait for us.
        }
    }

    TimeSpan Renew()
    {
        try
        {
            var pause = RenewAll();
            _cannotRenew = false;
            return pause;
        }
        catch
        {
            _cannotRenew = _couldNotRenew = true;
            throw;
        }
    }

    TimeSpan RenewAll()
    {
        var doubtful = false;
        foreach (var chunk in executions.All.Where(execution => time.GetElapsedTime(execution.ClaimedAt) > _young).ToArray().Chunk(Batch))
        {
            var lost = queue.Renew([.. chunk.Select(execution => execution.Lease)]).ToHashSet();
            foreach (var execution in chunk)
                doubtful |= LooksLost(execution, lost.Contains(execution.Job.Claim));
        }

        return doubtful && _secondLook < Options.LeaseInterval ? _secondLook : Options.LeaseInterval;
    }

    TimeSpan KeepLocks()
    {
        exclusions.Refresh();
        return Options.LeaseInterval;
    }

    TimeSpan Watch()
    {
        watch.Look();
        return _tick;
    }

    /// <returns>True when it seems to be lost for the first time: its state may have been written between the reading of the
    /// lease and the answer, so another look has to say the same. While a write is under way, or its answer was lost, nobody knows.</returns>
    bool LooksLost(Execution execution, bool lost)
    {
        var before = execution.LostOnce;
        execution.LostOnce = lost && !execution.IsBeingWritten;
        if (!execution.LostOnce || !before)
            return execution.LostOnce;
        if (execution.StopReason is null)
            logger.LostJob(execution.Job.JobId);
        execution.Stop(EndReason.Cancelled);
        return false;
    }

    static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a > b ? b : a > TimeSpan.Zero ? a : TimeSpan.Zero;

    /// <summary>One thing that is done again and again, and when it is due.</summary>
    sealed class Round(string name, Func<TimeSpan> action, TimeProvider time, ILogger logger)
    {
        readonly StoreRetry _retry = new(logger, name, time);
        long _doneAt = time.GetTimestamp();
        TimeSpan _pause;

        public TimeSpan DueIn => _pause - time.GetElapsedTime(_doneAt);

        public void Do()
        {
            try
            {
                _pause = action();
                _retry.Over();
            }
            catch (Exception e)
            {
                _pause = _retry.Failed(e);
            }

            _doneAt = time.GetTimestamp();
        }
    }
}
