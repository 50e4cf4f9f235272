using System.Diagnostics;
using JobRunner;
using JobRunner.Sandbox;
using Microsoft.Extensions.DependencyInjection;
using SandboxAlone;

// Code in child processes, without any queue or database.
var services = new ServiceCollection();
services.AddJobRunner(_ => { }).UseInMemory();
services.AddSandboxPool(o => (o.Maximum, o.MemoryLimitMb, o.TimeLimit) = (2, 256, TimeSpan.FromSeconds(5)));
await using var provider = services.BuildServiceProvider();
var pool = provider.GetRequiredService<ISandboxPool>();
var began = Stopwatch.GetTimestamp();

Console.WriteLine($"Primes below a million: {await pool.RunAsync(() => Numbers.CountPrimes(1_000_000))}");
Console.WriteLine($"First result after {Stopwatch.GetElapsedTime(began).TotalMilliseconds:0} ms");

// What goes wrong there costs that call and nothing else.
await TellAsync("A loop without an end", () => pool.RunAsync(() => Numbers.LoopForEver()));
await TellAsync("A recursion without an end", () => pool.RunAsync(() => Numbers.Recurse(0)));
await TellAsync("Memory without an end", () => pool.RunAsync(() => Numbers.Hoard()));

if (args is ["measure"])
    await MeasureAsync(pool);

static async Task TellAsync(string what, Func<Task> run)
{
    try
    {
        await run();
    }
    catch (JobFailedException e)
    {
        Console.WriteLine($"\n{what}: {e.Reason}\n{string.Join('\n', e.Info.Details.Split('\n').Take(8))}");
    }
}

static async Task MeasureAsync(ISandboxPool pool)
{
    var call = new SandboxCall(pool.Arguments.ToInvocation(JobCall.Of(() => Numbers.Nothing())));
    var times = new List<double>();
    for (var i = 0; i < 20_000; i++)
    {
        var start = Stopwatch.GetTimestamp();
        await pool.RunAsync(call, default);
        times.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
    }

    times.RemoveRange(0, 5_000);
    times.Sort();
    Console.WriteLine($"\nA warm call: p50 {times[times.Count / 2]:0} µs, p99 {times[times.Count * 99 / 100]:0} µs");
}
