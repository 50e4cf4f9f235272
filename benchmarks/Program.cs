using System.CommandLine;
using JobRunner.Benchmarks;

var root = new RootCommand("Measures JobRunner. Each scenario prints what it finds, and as its last line one JSON object.")
{
    ThroughputScenario.Command(),
    EnqueueScenario.Command(),
    LatencyScenario.Command(),
    IoScenario.Command(),
    ThreadsScenario.Command(),
    IdleScenario.Command(),
    BacklogScenario.Command(),
    MixedScenario.Command(),
    ExclusiveScenario.Command(),
    SandboxScenario.Command(),
    CallScenario.Command(),
    BloatScenario.Command(),
    FleetScenario.Command(),
    ScaleScenario.Command(),
    PayloadScenario.Command(),
    BulkScenario.Command(),
    BusyProcessors.Command(),
};
try
{
    return await root.Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (Exception e)
{
    await Console.Error.WriteLineAsync(e is BadServerException or OperationCanceledException ? e.Message : e.ToString());
    return 1;
}
