using JobRunner.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobRunner.Worker;

/// <summary>
/// Takes jobs off the queues: as many as there is room for, in one round trip, and a full claim is followed by another
/// at once. Otherwise it sleeps until a place is free that jobs wait for, or somebody tells of new ones. Jobs whose place is
/// full are moved aside, so that they hold up no others.
/// </summary>
sealed class Claimer
{
    const int MaxClaim = 1000;

    // Where places become free one by one, claims for a few jobs each are not worth their round trip.
    const int WorthClaiming = 64;
    static readonly TimeSpan _gather = TimeSpan.FromMilliseconds(3);

    readonly IWorkQueue _queue;
    readonly Dispatcher _dispatcher;
    readonly ForeignJobs _foreign;
    readonly ClaimWake _wake;
    readonly TimeProvider _time;
    readonly Outage _outage;
    readonly QueueGroups _groups;
    readonly Dictionary<IPlace, Aside> _asides;
    CancellationToken _stopping;

    public Claimer(
        IWorkQueue queue, Dispatcher dispatcher, ForeignJobs foreign, ClaimWake wake, IOptions<WorkerOptions> options, TimeProvider time,
        ILogger<Claimer> logger)
    {
        _queue = queue;
        _dispatcher = dispatcher;
        _foreign = foreign;
        _wake = wake;
        _time = time;
        _outage = new(logger, "claim jobs", time);
        _groups = options.Value.Groups;
        _asides = dispatcher.Places.ToDictionary(place => place, place => new Aside(place, _groups.Names, time));
    }

    /// <summary>The queues to look at for new jobs.</summary>
    public IReadOnlyList<string> Queues => [.. _groups.Names, .. _asides.Values.SelectMany(aside => aside.Queues)];

    /// <summary>Jobs wait in these queues.</summary>
    public void Found(IReadOnlyList<string> waiting)
    {
        if (waiting.Count == 0)
            return;
        foreach (var aside in _asides.Values)
            aside.HasWaiting |= waiting.Intersect(aside.Queues).Any();
        _wake.News();
    }

    /// <summary>The loop. The token ends claiming, never a claim that is under way: its jobs would be held by nobody.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        _stopping = stopping;
        while (!stopping.IsCancellationRequested)
        {
            var pause = TimeSpan.Zero;
            _wake.WantsRoom = true; // before the rooms are looked at: what becomes free after that must wake us
            if (await _outage.TryAsync(async () => pause = await RoundAsync(), stopping) && pause != TimeSpan.Zero)
                await _wake.PauseAsync(pause, stopping);
        }
    }

    /// <returns>How long to wait for a signal before the next round.</returns>
    async Task<TimeSpan> RoundAsync()
    {
        var full = 0;
        foreach (var aside in _asides.Values)
            full = Math.Max(full, await ClaimAsideAsync(aside));
        await MoveExcessAsync();

        var open = _asides.Values.Where(aside => !aside.IsBlocked).ToArray();
        var room = (int)Math.Min(MaxClaim, open.Min(aside => (double?)aside.RoomForAll) ?? 0);
        room = Math.Min(room, open.Max(aside => (int?)aside.Place.Room) ?? 0);
        var claimed = room > 0 ? await ClaimAsync(room) : 0;
        if (claimed == room)
            full = Math.Max(full, claimed);
        if (full > 0)
        {
            if (full < WorthClaiming)
                await Task.Delay(_gather, _time);
            return TimeSpan.Zero;
        }

        foreach (var aside in _asides.Values)
            aside.Look();
        _wake.WantsRoom = room == 0 || _asides.Values.Any(aside => aside.HasWaiting);
        var pause = _asides.Values.Min(aside => aside.UntilBlocked) ?? Timeout.InfiniteTimeSpan;
        await MoveExcessAsync(); // after that: what has become blocked meanwhile is moved now, the rest at the end of the pause
        return pause;
    }

    /// <returns>How many jobs it took, if there may be more.</returns>
    async Task<int> ClaimAsideAsync(Aside aside)
    {
        aside.Look();
        if (!aside.HasWaiting || aside.Place.Room is not (> 0 and var room))
            return 0;
        var count = Math.Min(room, MaxClaim);
        aside.HasWaiting = false; // first: what is moved there during the claim counts
        var jobs = await _queue.ClaimAsync(aside.Queues, count, _foreign.Types, CancellationToken.None);
        aside.HasWaiting |= jobs.Count == count;
        await DispatchAsync([.. jobs.Select(aside.Restore)], aside);
        aside.Look();
        return aside.HasWaiting ? jobs.Count : 0;
    }

    async Task<int> ClaimAsync(int room)
    {
        var left = room;
        foreach (var phase in _groups.Phases)
        {
            var shares = _groups.Share(phase, left);
            var jobs = await ClaimAsync(shares, left);
            left -= jobs.Count;
            if (phase.Rest(shares, jobs, left) is { Length: > 0 } rest)
                left -= (await ClaimAsync(rest, left)).Count;
            if (left == 0)
                break;
        }

        return room - left;
    }

    async Task<IReadOnlyList<ClaimedJob>> ClaimAsync(QueueLimit[] queues, int count)
    {
        var jobs = await _queue.ClaimAsync(queues, count, _foreign.Types, CancellationToken.None);
        var places = await DispatchAsync(jobs, null);
        foreach (var aside in _asides.Values)
            aside.Note(places.GetValueOrDefault(aside.Place), jobs.Count);
        return jobs;
    }

    /// <param name="jobs">Claimed jobs.</param>
    /// <param name="from">Where they had been moved aside, or null.</param>
    /// <returns>How many were for each place.</returns>
    async Task<Dictionary<IPlace, int>> DispatchAsync(IReadOnlyList<ClaimedJob> jobs, Aside? from)
    {
        var places = new Dictionary<IPlace, int>(4);
        var blocked = _asides.Values.Where(aside => aside != from && aside.IsBlocked).Select(aside => aside.Place).ToArray();
        List<(ClaimedJob Job, IPlace Place)>? away = null;
        foreach (var job in jobs)
        {
            if (_stopping.IsCancellationRequested || _foreign.Leaves(job))
            {
                _dispatcher.GiveBack(job);
                continue;
            }

            var routed = _dispatcher.Route(job);
            if (routed.Place is { } place)
                places[place] = places.GetValueOrDefault(place) + 1;
            if (blocked.Contains(routed.Place))
                (away ??= []).Add((job, routed.Place!));
            else
                _dispatcher.Start(routed);
        }

        if (away is not null)
            await MoveAsync(away);
        return places;
    }

    // What a claim brought for a place that turns out to be slow is for other workers, too.
    async Task MoveExcessAsync()
    {
        List<(ClaimedJob, IPlace)>? away = null;
        foreach (var aside in _asides.Values.Where(aside => aside.IsBlocked))
        {
            foreach (var execution in aside.Place.TakeExcess())
            {
                (away ??= []).Add((execution.Job, aside.Place));
                _dispatcher.Forget(execution);
            }
        }

        if (away is not null)
            await MoveAsync(away);
    }

    // Until it works, or the worker stops: a claim that is in nobody's hands waits for its lease to run out.
    async Task MoveAsync(IEnumerable<(ClaimedJob Job, IPlace Place)> jobs)
    {
        foreach (var some in jobs.GroupBy(job => (job.Job.Queue, job.Place)))
        {
            var aside = _asides[some.Key.Place];
            await _outage.RetryAsync(
                () => _queue.MoveAsync([.. some.Select(job => job.Job.Claim)], aside.QueueFor(some.Key.Queue), CancellationToken.None), _stopping);
            aside.HasWaiting = true;
        }
    }
}
