namespace JobRunner.Chaos;

/// <summary>A fault that is to come.</summary>
/// <param name="Pause">How long to wait after the one before it.</param>
/// <param name="Kind">What goes wrong.</param>
/// <param name="Target">Which worker, statement or the like; taken modulo how many there are.</param>
/// <param name="Length">For how long, when it lasts.</param>
sealed record PlannedFault(TimeSpan Pause, FaultKind Kind, int Target, TimeSpan Length)
{
    public override string ToString() => $"+{Pause.TotalSeconds:0.0} s {Kind} {Target % 100}{(Length > TimeSpan.Zero ? $" for {Length.TotalSeconds:0.0} s" : "")}";
}

/// <summary>What goes wrong when, all of it drawn from the seed before anything begins.</summary>
static class Plan
{
    // The shortest lengths let a worker be called dead, so that they depend on how soon that is.
    public static IReadOnlyList<PlannedFault> Of(ChaosOptions options)
    {
#pragma warning disable CA5394 // a plan has to be repeatable, not secret
        var random = new Random(options.Seed);
        var plan = new List<PlannedFault>();
        var total = TimeSpan.Zero;
        while (true)
        {
            var round = options.Kinds.ToArray();
            random.Shuffle(round);
            foreach (var kind in round)
            {
                var length = LengthOf(kind, options.RescueAfter, random.NextDouble());
                var pause = TimeSpan.FromSeconds(0.5 + random.NextDouble());
                total += pause + length + CostOf(kind);
                if (total > options.FaultTime)
                    return plan;
                plan.Add(new(pause, kind, random.Next(1 << 20), length));
            }
        }
#pragma warning restore CA5394
    }

    static TimeSpan LengthOf(FaultKind kind, TimeSpan rescueAfter, double random) => kind switch
    {
        FaultKind.Outage => 2 * rescueAfter,
        FaultKind.SuspendWorker => rescueAfter * (1.3 + (0.5 * random)),
        FaultKind.BlackHole => rescueAfter * (0.3 + random),
        FaultKind.Delay or FaultKind.ReadOnlyServer or FaultKind.DiskFull or FaultKind.PinHorizon or FaultKind.ExhaustConnections =>
            TimeSpan.FromSeconds(1 + (2 * random)),
        _ => TimeSpan.Zero,
    };

    // What is known to take a while besides.
    static TimeSpan CostOf(FaultKind kind) => kind is FaultKind.RestartServer or FaultKind.CrashServer or FaultKind.DiskFull
        ? TimeSpan.FromSeconds(1) : TimeSpan.Zero;
}
