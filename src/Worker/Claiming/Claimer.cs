using JobRunner.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobRunner.Worker;

/// <summary>
/// Takes jobs off the queues: as many as there is room for, in one round trip, and a full claim is followed by another
/// at once. Otherwise it sleeps until a place is free that jobs wait for, or somebody tells of new ones. Jobs whose place is
/// full stay where they are, and hold up no others: claims read past them.
/// </summary>
sealed class Claimer
{
    // Where places become free one by one, claims for a few jobs each are not worth their round trip.
    const int WorthClaiming = 64;
    static readonly TimeSpan _gather = TimeSpan.FromMilliseconds(3);
    static readonly TimeSpan _untilReturned = TimeSpan.FromMilliseconds(2);

    readonly IWorkQueue _queue;
    readonly ClaimedJobs _claimed;
    readonly Executions _executions;
    readonly ClaimWake _wake;
    readonly TimeProvider _time;
    readonly StoreRetry _retry;
    readonly Dispatcher _dispatcher;
    readonly QueueGroups _queues;
    readonly KnownMethods _known;
    readonly Demand[] _demands;
    readonly ClaimGroup _open;
    readonly Dictionary<Demand, ClaimGroup> _own;
    readonly PassingOn _passingOn;
    CancellationToken _stopping;

    public Claimer(
        IWorkQueue queue, Dispatcher dispatcher, ForeignJobs foreign, Executions executions, ClaimWake wake, Fleet fleet,
        IOptions<WorkerOptions> options, TimeProvider time, ILogger<Claimer> logger)
    {
        _queue = queue;
        _dispatcher = dispatcher;
        _executions = executions;
        _wake = wake;
        _time = time;
        _retry = new(logger, "claim jobs", time);
        _queues = options.Value.Groups;
        _known = new(queuesMatter: options.Value.Rules.Any(rule => rule.Queue is not null));
        _demands = [.. dispatcher.Places.Select(place => new Demand(place, time))];
        _claimed = new(dispatcher, foreign, _known, _demands, executions, time);
        _open = new("", time);
        _own = _demands.ToDictionary(demand => demand, demand => new ClaimGroup(demand.Place.Name, time) { Demands = [demand] });
        _passingOn = new(queue, fleet, time);
    }

    /// <summary>The queues to look at for new jobs.</summary>
    public IReadOnlyList<string> Queues => _queues.Names;

    /// <summary>Jobs wait in these queues.</summary>
    public void Found(IReadOnlyList<string> waiting)
    {
        if (waiting.Count > 0)
            _wake.Found();
    }

    /// <summary>The loop. The token ends claiming, never a claim that is under way: its jobs would be held by nobody.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        _stopping = stopping;
        while (!stopping.IsCancellationRequested)
        {
            var pause = TimeSpan.Zero;
            _wake.WantsRoom = true; // before the rooms are looked at: what becomes free after that must wake us
            if (await _retry.TryAsync(async () => pause = await RoundAsync(), stopping) && pause != TimeSpan.Zero)
                await _wake.PauseAsync(pause, stopping);
        }
    }

    /// <returns>How long to wait for a signal before the next round.</returns>
    async Task<TimeSpan> RoundAsync()
    {
        var groups = Groups();
        if (_wake.TakeNews())
            Array.ForEach(groups, group => group.MayWait = true);
        if (_wake.TakeFound())
            _passingOn.Saw();
        _claimed.GiveBackExcess();
        var goesOn = false;
        foreach (var group in groups)
        {
            if (MustWaitForReturns)
                return _untilReturned;
            goesOn |= await ClaimForAsync(group);
        }

        if (goesOn)
            return TimeSpan.Zero;
        if (Look()) // what the claims have filled
            return TimeSpan.Zero;
        _wake.WantsRoom = Array.Exists(groups, group => group.MayWait);
        await _passingOn.RoundEndedAsync(_wake.WantsRoom);
        return Soonest(_demands.Min(demand => demand.UntilSaturated), groups.Where(group => group.MayWait && group.Rest > TimeSpan.Zero).Min(group => (TimeSpan?)group.Rest));
    }

    // Or less urgent queues would be served before those that jobs return to.
    bool MustWaitForReturns => _queues.Names.Count > 1 && _claimed.AreReturning;

    static TimeSpan Soonest(TimeSpan? a, TimeSpan? b) =>
        a is null && b is null ? Timeout.InfiniteTimeSpan : a < b || b is null ? a!.Value : b.Value;

    /// <returns>True when a place has become saturated.</returns>
    bool Look()
    {
        var changed = false;
        foreach (var demand in _demands)
        {
            var was = demand.IsSaturated;
            demand.Look();
            if (was == demand.IsSaturated)
                continue;
            changed = _own[demand].MayWait = true;
            _known.Changed();
        }

        return changed;
    }

    // Who is not saturated first.
    ClaimGroup[] Groups()
    {
        Look();
        _open.Demands = [.. _demands.Where(demand => !demand.IsSaturated)];
        return [_open, .. _demands.Where(demand => demand.IsSaturated).Select(demand => _own[demand])];
    }

    /// <returns>True when more may be claimed at once.</returns>
    async Task<bool> ClaimForAsync(ClaimGroup group)
    {
        if (group.LookPast())
            _known.Changed();
        var room = group.Room;
        if (!group.MayWait || room <= 0 || _executions.PayloadRoom <= 0 || group.Rest > TimeSpan.Zero)
            return false;
        group.MayWait = false; // first: news that comes during the claim counts
        var started = _time.GetTimestamp();
        var (claimed, isComplete, others, refused) = (room, false, false, false);
        try
        {
            (claimed, isComplete, others, refused) = await ClaimAsync(group, room);
        }
        finally
        {
            group.MayWait |= claimed == room || !isComplete;
        }

        var took = _time.GetElapsedTime(started);
        if (claimed < room && others)
            group.HasRead(took, Others(group).Max(demand => (double?)demand.Rate) ?? 0);
        if (claimed == room && claimed < WorthClaiming)
            group.RestFor(_gather);
        if (others && group == _open)
            _passingOn.Left();
        if (claimed == room)
            _passingOn.Saw();
        if (refused && group != _open)
            group.WasRefused(took);
        var isCalm = claimed < room && isComplete && group != _open && group.Demands[0].TryCalm();
        if (refused || isCalm)
            _known.Changed();
        return claimed == room || (!isComplete && group.Rest <= TimeSpan.Zero);
    }

    IEnumerable<Demand> Others(ClaimGroup group) => _demands.Where(demand => demand.IsSaturated && !group.Demands.Contains(demand));

    /// <returns>How many jobs came, whether that is all there is, whether jobs of others were left, and whether some were given back.</returns>
    async Task<(int Claimed, bool IsComplete, bool LeftOthers, bool Refused)> ClaimAsync(ClaimGroup group, int room)
    {
        var (left, isComplete, others, refused) = (room, true, false, false);
        foreach (var phase in _queues.Phases)
        {
            var shares = Leaving(group, _queues.Share(phase, left));
            others |= Array.Exists(shares, share => !share.Except.IsEmpty);
            var result = await ClaimAsync(phase, shares);
            if (phase.Rest(shares, result.Jobs, left) is { Length: > 0 } rest)
                await ClaimAsync(phase, rest);

            isComplete &= !MustWaitForReturns;
            if (left == 0 || !isComplete)
                break; // what stands behind in a queue comes before what stands in later ones
        }

        return (room - left, isComplete, others, refused);

        async Task<ClaimResult> ClaimAsync(QueueGroups.Phase phase, QueueLimit[] queues)
        {
            if (_executions.PayloadRoom is not (> 0 and var bytes))
            {
                isComplete = false; // what came just now has as many as there may be
                return new([], false);
            }

            var result = await _queue.ClaimAsync(new(queues, left) { Bytes = bytes }, CancellationToken.None);
            var (places, someRefused) = _claimed.Dispatch(phase.InTurn(result.Jobs), group, _stopping);
            foreach (var demand in group.Demands)
                demand.Note(places.GetValueOrDefault(demand.Place), result.Jobs.Count);
            isComplete &= result.IsComplete;
            left -= result.Jobs.Count;
            refused |= someRefused;
            return result;
        }
    }

    // Of places that are saturated, the jobs that claims have met; of those that are not, a claim for a saturated place would bring too many.
    QueueLimit[] Leaving(ClaimGroup group, QueueLimit[] shares) =>
        Array.ConvertAll(shares, share => share with
        {
            Except = _known.Except(share.Queue, group.Name, (place, resource) => !group.Serves(place) || _dispatcher.Refuses(resource)),
            PastHead = group.PastHead,
        });
}
