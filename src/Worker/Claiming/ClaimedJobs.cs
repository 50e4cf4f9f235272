using JobRunner.Storage;

namespace JobRunner.Worker;

/// <summary>Sends what claims have brought to its places, and gives back what there is no place for.</summary>
/// <remarks>Used by the claimer alone.</remarks>
sealed class ClaimedJobs(
    Dispatcher dispatcher, ForeignJobs foreign, KnownMethods known, IReadOnlyList<Demand> demands, Executions executions, TimeProvider time)
{
    // Claims wait so long for them at most: the store may not take them.
    static readonly TimeSpan _patience = TimeSpan.FromSeconds(1);

    readonly List<(Execution Execution, long Since)> _returning = [];

    /// <summary>True while jobs that were given back are not in their queues again: a claim would find what comes after them.</summary>
    public bool AreReturning
    {
        get
        {
            _returning.RemoveAll(job => !executions.Holds(job.Execution) || time.GetElapsedTime(job.Since) > _patience);
            return _returning.Count > 0;
        }
    }

    /// <returns>How many jobs were for each place, and whether a place refused some although it has room.</returns>
    public (Dictionary<IPlace, int> Places, bool Refused) Dispatch(IReadOnlyList<ClaimedJob> jobs, ClaimGroup group, CancellationToken stopping)
    {
        var places = new Dictionary<IPlace, int>(4);
        var refused = false;
        foreach (var job in jobs)
        {
            if (stopping.IsCancellationRequested)
                dispatcher.GiveBack(job);
            else if (foreign.Leaves(job))
                GiveBack(job, default);
            else
                refused |= !Start(job, group, places);
        }

        return (places, refused);
    }

    /// <summary>What a claim brought for a place that turns out to be slow is for other workers, too.</summary>
    public void GiveBackExcess()
    {
        foreach (var demand in demands.Where(demand => demand.IsSaturated))
        {
            foreach (var execution in demand.Place.TakeExcess(demand.WorthKeeping))
            {
                known.Add(execution.Job.Queue, execution.Job.Invocation!.StoredMethod, demand.Place);
                dispatcher.GiveBack(execution);
                _returning.Add((execution, time.GetTimestamp()));
            }
        }
    }

    /// <returns>False when its place refuses it.</returns>
    bool Start(ClaimedJob job, ClaimGroup group, Dictionary<IPlace, int> places)
    {
        var routed = dispatcher.Route(job);
        if (routed.Place is { } place)
        {
            places[place] = places.GetValueOrDefault(place) + 1;
            if (!group.Serves(place) && demands.Any(demand => demand.Place == place && demand.IsSaturated))
            {
                GiveBack(job, routed);
                return true;
            }

            if (!dispatcher.Takes(routed))
            {
                GiveBack(job, routed);
                return false;
            }
        }

        dispatcher.Start(routed);
        return true;
    }

    void GiveBack(ClaimedJob job, Routed routed)
    {
        known.Add(job.Queue, job.Invocation!.StoredMethod, routed.Place, routed.ResourceOfMethod);
        _returning.Add((dispatcher.GiveBack(job), time.GetTimestamp()));
    }
}
