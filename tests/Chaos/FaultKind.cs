namespace JobRunner.Chaos;

/// <summary>What goes wrong.</summary>
enum FaultKind
{
    KillWorker,
    SuspendWorker,
    TerminateWorker,
    KillSandbox,
    KillerJob,
    RestartServer,
    CrashServer,
    ReadOnlyServer,
    DiskFull,
    Outage,
    BlackHole,
    Delay,
    CutAll,
    CutAnswers,
    CutRequests,
    TerminateBackends,
    PinHorizon,
    ExhaustConnections,
}
