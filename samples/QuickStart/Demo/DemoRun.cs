using System.Globalization;
using JobRunner;
using JobRunner.Storage;

namespace QuickStart.Demo;

/// <summary>Enqueues the demo and tells how it ended, one line a kind of job.</summary>
sealed class DemoRun(IJobClient client, string url)
{
    static readonly (double X, double Y, double Width)[] _views =
        [(-0.75, 0, 3.2), (-0.7453, 0.1127, 0.0065), (-0.1592, -1.0317, 0.03), (0.2925, 0.0149, 0.012)];

    /// <summary>Runs it; true when every kind ended as it should.</summary>
    public async Task<bool> RunAsync(TextWriter output, CancellationToken cancellationToken)
    {
        try
        {
            var asExpected = true;
            foreach (var kind in await EnqueueAsync(cancellationToken))
                asExpected &= await ReportAsync(kind, output, cancellationToken);
            return asExpected;
        }
        catch (OperationCanceledException)
        {
            return false; // Ctrl+C
        }
    }

    /// <summary>Enqueues all kinds.</summary>
    public async Task<IReadOnlyList<Kind>> EnqueueAsync(CancellationToken cancellationToken) =>
    [
        new("fetch pages", JobStates.Succeeded, await client.EnqueueManyAsync(
            Enumerable.Range(1, 500).Select(n => JobCall.Of<PageJobs>(x => x.FetchAsync($"{url}/pages/{n}", default))), cancellationToken)),
        new("render images", JobStates.Succeeded, await client.EnqueueManyAsync(
            _views.Select(view => JobCall.Of(() => CpuJobs.Render(view.X, view.Y, view.Width, null!))), cancellationToken)),
        new("count primes", JobStates.Succeeded, await client.EnqueueManyAsync(
            Enumerable.Range(1, 4).Select(n => JobCall.Of(() => CpuJobs.CountPrimes(n * 2_000_000))), cancellationToken)),
        new("run in 3 seconds", JobStates.Succeeded,
            [await client.ScheduleAsync(() => FlakyJobs.GreetAsync("world"), TimeSpan.FromSeconds(3), cancellationToken)]),
        new("fail twice, then succeed", JobStates.Succeeded,
            [await client.EnqueueAsync(() => FlakyJobs.SucceedAtTheThirdAttemptAsync(null!), cancellationToken)]),
        new("overflow the stack", JobStates.Failed, [await client.EnqueueAsync(() => FlakyJobs.OverflowTheStack(0), cancellationToken)]),
        new("spin for ever", JobStates.Failed, [await client.EnqueueAsync(() => FlakyJobs.SpinForever(), cancellationToken)]),
        new("exit the process", JobStates.Failed, [await client.EnqueueAsync(() => FlakyJobs.ExitTheProcess(), cancellationToken)]),
    ];

    async Task<bool> ReportAsync(Kind kind, TextWriter output, CancellationToken cancellationToken)
    {
        var ended = new List<JobDetails>();
        foreach (var id in kind.JobIds)
            ended.Add(await EndOfAsync(id, cancellationToken));

        var states = string.Join(", ", ended.GroupBy(job => job.State!.Name).Select(group => $"{group.Count()} {group.Key}"));
        var seconds = (ended.Max(job => job.State!.CreatedAt) - ended.Min(job => job.CreatedAt)).TotalSeconds;
        var told = ended[^1].State!.Data is var data && data.GetValueOrDefault("ExceptionMessage") is { } message ? message : data.GetValueOrDefault("Result");
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
            $"{kind.Name,-25} {kind.JobIds.Count,3} jobs  {states,-14} {seconds,6:0.00} s  {Cut(told)}"));
        return ended.TrueForAll(job => job.State!.Name == kind.Expected);
    }

    async Task<JobDetails> EndOfAsync(long id, CancellationToken cancellationToken)
    {
        try
        {
            await client.WaitAsync(id, TimeSpan.FromMinutes(2), cancellationToken);
        }
        catch (JobFailedException)
        {
            // Some are meant to fail; the state says so.
        }

        return await client.GetAsync(id, cancellationToken) ?? throw new InvalidOperationException($"Job {id} has vanished.");
    }

    static string Cut(string? text)
    {
        var most = text?.Contains("base64,", StringComparison.Ordinal) == true ? 30 : 110;
        return text is null ? "" : text.Length > most ? text[..most] + "…" : text;
    }

    /// <summary>Jobs of one kind and the state they should end in.</summary>
    internal sealed record Kind(string Name, string Expected, IReadOnlyList<long> JobIds);
}
