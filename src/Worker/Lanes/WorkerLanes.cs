namespace JobRunner.Worker;

/// <summary>The three lanes of a worker.</summary>
sealed class WorkerLanes(AsyncLane async, ThreadLane thread, SandboxLane sandbox)
{
    public IReadOnlyList<Lane> All { get; } = [async, thread, sandbox];

    /// <summary>How many jobs can run at once.</summary>
    public int Capacity => All.Sum(lane => lane.Capacity);

    public Lane Of(LaneKind kind) => kind switch
    {
        LaneKind.Async => async,
        LaneKind.Thread => thread,
        _ => sandbox,
    };
}
