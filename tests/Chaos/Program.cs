using System.CommandLine;
using JobRunner.Chaos;

var seed = new Option<int>("--seed") { Description = "Repeats the plan of the faults and the workload", DefaultValueFactory = _ => 1 };
var minutes = new Option<double>("--minutes") { Description = "How long faults are injected", DefaultValueFactory = _ => 1 };
var workers = new Option<int>("--workers") { Description = "How many workers there are at a time", DefaultValueFactory = _ => 3 };
var jobs = new Option<int>("--jobs") { Description = "How many jobs are enqueued, evenly over that time", DefaultValueFactory = _ => 3000 };
var wait = new Option<double>("--wait") { Description = "How many seconds jobs on the async lane take at most", DefaultValueFactory = _ => 1.5 };
var rescueAfter = new Option<double>("--rescue-after") { Description = "After how many seconds of silence workers call each other dead", DefaultValueFactory = _ => 6 };
var pooler = new Option<bool>("--pgbouncer") { Description = "The workers go through PgBouncer, in transaction mode" };
var only = new Option<FaultKind[]>("--only") { Description = "Only these faults", AllowMultipleArgumentsPerToken = true };
var worker = new Option<string?>("--worker") { Description = "Another worker to run: the path of a JobRunner.Worker.dll" };
var keep = new Option<bool>("--keep") { Description = "Keeps the logs of the workers and the ledger" };
var plan = new Option<bool>("--plan") { Description = "Only prints the plan" };
var root = new RootCommand(
    "Runs real workers against a real PostgreSQL while everything goes wrong, and checks that no job is lost, none is run twice without its cause, and nothing is left behind.")
{
    seed, minutes, workers, jobs, wait, rescueAfter, pooler, only, worker, keep, plan,
};
root.SetAction(async parsed =>
{
    var options = new ChaosOptions(
        parsed.GetValue(seed), TimeSpan.FromMinutes(parsed.GetValue(minutes)), parsed.GetValue(workers), parsed.GetValue(jobs),
        TimeSpan.FromSeconds(parsed.GetValue(wait)), TimeSpan.FromSeconds(parsed.GetValue(rescueAfter)), parsed.GetValue(pooler),
        parsed.GetValue(only) is { Length: > 0 } some ? some : Enum.GetValues<FaultKind>(), parsed.GetValue(worker), parsed.GetValue(keep));
    if (parsed.GetValue(plan))
    {
        foreach (var fault in Plan.Of(options))
            await Console.Out.WriteLineAsync($"{fault}");
        return 0;
    }

    var log = new ChaosLog(Console.Out);
    var run = new ChaosRun(options, log);
    var report = await run.RunAsync();
    report.Print(Console.Out);
    run.CleanUp();
    return log.Violations.Count == 0 ? 0 : 1;
});
return await root.Parse(args).InvokeAsync();
