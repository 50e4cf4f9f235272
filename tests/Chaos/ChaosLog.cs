using System.Collections.Concurrent;

namespace JobRunner.Chaos;

/// <summary>A fault that has come about.</summary>
/// <param name="Kind">What went wrong.</param>
/// <param name="Began">When.</param>
/// <param name="Ended">When it was over.</param>
/// <param name="Worker">The worker that it hit, or null for all.</param>
/// <param name="Process">The process that it hit, when that is not the worker.</param>
sealed record Fault(FaultKind Kind, DateTimeOffset Began, DateTimeOffset Ended, string? Worker = null, int? Process = null);

/// <summary>What happens, told as it happens, and what should not have happened.</summary>
sealed class ChaosLog(TextWriter output)
{
    readonly DateTimeOffset _began = TimeProvider.System.GetUtcNow();
    readonly ConcurrentQueue<Fault> _faults = new();
    readonly ConcurrentQueue<string> _violations = new();

    public IReadOnlyList<Fault> Faults => [.. _faults];

    public IReadOnlyList<string> Violations => [.. _violations];

    /// <summary>How long it has run.</summary>
    public TimeSpan Elapsed => TimeProvider.System.GetUtcNow() - _began;

    public void Note(string text)
    {
        lock (output)
            output.WriteLine($"{Elapsed.TotalSeconds,6:0.0} s  {text}");
    }

    public void Add(Fault fault) => _faults.Enqueue(fault);

    public void Violation(string text)
    {
        _violations.Enqueue(text);
        Note("VIOLATION: " + text);
    }

    /// <summary>A worker has ended by itself, which jobs may make it do.</summary>
    public void Died(ChaosWorker worker, int exitCode)
    {
        var now = TimeProvider.System.GetUtcNow();
        Note($"{worker.Name} died with {exitCode}");
        if (exitCode is 134 && IsKillersWork(worker))
            _faults.Enqueue(new(FaultKind.KillerJob, now - TimeSpan.FromSeconds(2), now, worker.Name));
        else
            Violation($"{worker.Name} ended by itself with {exitCode}: {Tail(worker.Process.Output)}");
    }

    /// <summary>True when it was a job that took the worker down.</summary>
    public static bool IsKillersWork(ChaosWorker worker) => worker.Process.Output is var output
        && (output.Contains("ChaosJobs.Overflow", StringComparison.Ordinal) || output.Contains("KillWorkerAsync", StringComparison.Ordinal));

    static string Tail(string output) => output.Length > 2000 ? output[^2000..] : output;
}
