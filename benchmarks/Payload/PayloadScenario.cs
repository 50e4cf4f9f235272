using System.CommandLine;

namespace JobRunner.Benchmarks;

/// <summary>Jobs with long arguments and a worker in a process of its own, with as little memory as a small container has.</summary>
static class PayloadScenario
{
    const string Random = "random";
    const string Repeated = "repeated";
    const string Async = "async";
    const string Thread = "thread";
    const string Sandbox = "sandbox";

    public static Command Command()
    {
        var jobs = BenchOptions.Jobs(300);
        var megabytes = BenchOptions.Number("--megabytes", "How long each job's argument is", 10);
        var limit = BenchOptions.Number("--limit", "How many megabytes the worker's process may use: three quarters of it are its heap limit, as in a container of that size", 512, least: 64);
        var budget = BenchOptions.Number("--budget", "The worker's PayloadMemoryMb; 0 for its default", 0, least: 0);
        var lane = BenchOptions.Choice("--lane", "Where the jobs run", Async, Thread, Sandbox);
        var content = BenchOptions.Choice("--content", "'random' text, which hardly compresses, or one character 'repeated'", Random, Repeated);
        var echo = new Option<bool>("--echo") { Description = "The jobs return their argument" };
        var children = BenchOptions.Number("--children", "How many sandboxes", 2);
        var postgres = BenchOptions.Postgres();
        var command = new Command("payload", "Jobs with long arguments, enqueued beforehand, and a worker process with a limit of memory: its peak resident memory")
        {
            jobs, megabytes, limit, budget, lane, content, echo, children, postgres,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var store = await PostgresBenchStore.OpenAsync(parsed.GetValue(postgres));
            var length = parsed.GetValue(megabytes) * 1024 * 1024;
            var text = parsed.GetValue(content) == Random ? PayloadText.Random(length) : PayloadText.Repeated(length);
            var call = CallOf(text, parsed.GetValue(lane) == Async, parsed.GetValue(echo));
            var run = await PayloadRun.MeasureAsync(
                store, call, parsed.GetValue(jobs), LimitsOf(parsed.GetValue(limit), parsed.GetValue(budget), parsed.GetValue(lane)!, parsed.GetValue(children)), cancellationToken);
            return await new Report("payload", store)
                .Add("megabytes", parsed.GetValue(megabytes)).Add("limit", parsed.GetValue(limit)).Add("budget", parsed.GetValue(budget))
                .Add("lane", parsed.GetValue(lane)).Add("content", parsed.GetValue(content)).Add("echo", parsed.GetValue(echo))
                .AddRate(run.Jobs, run.Elapsed)
                .Say($"the worker had {run.PeakRssMiB:0} MiB resident at its peak, of {parsed.GetValue(limit)}; its sandboxes {run.PeakChildrenMiB:0} MiB together")
                .Add("peak_rss_mib", run.PeakRssMiB).Add("peak_children_mib", run.PeakChildrenMiB).Add("within", run.PeakRssMiB <= parsed.GetValue(limit))
                .WriteAsync();
        });
        return command;
    }

    static JobCall CallOf(string text, bool isAsync, bool echo) => (isAsync, echo) switch
    {
        (true, false) => JobCall.Of(() => BenchJobs.TakeAsync(text)),
        (true, true) => JobCall.Of(() => BenchJobs.EchoAsync(text)),
        (false, false) => JobCall.Of(() => BenchJobs.Take(text)),
        (false, true) => JobCall.Of(() => BenchJobs.Echo(text)),
    };

    static Dictionary<string, string> LimitsOf(int limit, int budget, string lane, int children) => new()
    {
        ["DOTNET_GCHeapHardLimit"] = (limit * 1024L * 1024 * 3 / 4).ToString("X", System.Globalization.CultureInfo.InvariantCulture),
        ["JobRunner__Worker__PayloadMemoryMb"] = $"{budget}",
        ["JobRunner__Worker__SynchronousLane"] = lane == Thread ? "Thread" : "Sandbox",
        ["JobRunner__Sandbox__Minimum"] = lane == Sandbox ? $"{children}" : "0",
        ["JobRunner__Sandbox__Maximum"] = $"{children}",
    };
}
