namespace JobRunner.Worker;

/// <summary>The three lanes of a worker.</summary>
sealed class WorkerLanes(AsyncLane async, ThreadLane thread, SandboxLane sandbox)
{
    public IReadOnlyList<Lane> All { get; } = [async, thread, sandbox];

    /// <summary>How many jobs can run at once.</summary>
    public int Capacity => All.Sum(lane => lane.Capacity);

    /// <summary>How many jobs run.</summary>
    public int Running => All.Sum(lane => lane.Running);

    /// <summary>Begins nothing on any lane.</summary>
    public void Hold()
    {
        foreach (var lane in All)
            lane.Hold();
    }

    /// <summary>Goes on.</summary>
    public void Resume()
    {
        foreach (var lane in All)
            lane.Resume();
    }

    public Lane Of(LaneKind kind) => kind switch
    {
        LaneKind.Async => async,
        LaneKind.Thread => thread,
        _ => sandbox,
    };
}
