using System.Globalization;

namespace JobRunner.Chaos;

/// <summary>What a run tells at its end.</summary>
sealed class ChaosReport(
    ChaosOptions options, ChaosLog log, Dictionary<long, StoredJob> jobs, Dictionary<long, List<LedgerRun>> runs, Audit audit)
{
    /// <summary>What the workers counted of what should not happen.</summary>
    public required string Counters { get; init; }

    /// <summary>Calls of the client that failed.</summary>
    public required int Unanswered { get; init; }

    /// <summary>Workers that found no database at their start.</summary>
    public required int Refused { get; init; }

    /// <summary>Workers that were ever started.</summary>
    public required int Workers { get; init; }

    public void Print(TextWriter output)
    {
        var begins = runs.Values.Sum(job => job.Count);
        output.WriteLine();
        output.WriteLine($"Seed {options.Seed}, {options.Workers} workers{(options.Pooler ? " behind PgBouncer" : "")}, {log.Elapsed.TotalSeconds:0} s");
        output.WriteLine($"Jobs: {jobs.Count}: " + Counted(jobs.Values.Select(job => job.State ?? "none")));
        output.WriteLine($"Runs: {begins}; of these {runs.Values.Sum(job => job.Count(run => run.End == RunEnd.Failed))} failed as they were to");
        output.WriteLine($"Run again, by what had hit them: {(audit.Causes.Count == 0 ? "none" : string.Join(", ", audit.Causes.Select(cause => $"{cause.Key} {cause.Value}")))}");
        output.WriteLine($"Effects that are there twice: {audit.Duplicates}");
        output.WriteLine($"Told by the workers: {(Counters.Length == 0 ? "nothing" : Counters)}");
        output.WriteLine($"Workers started: {Workers}, of which {Refused} found no database; calls of the client that failed: {Unanswered}");
        output.WriteLine("Faults, how long after the end of each the next run began, and how long after its begin all that it had hit ran again:");
        foreach (var kind in log.Faults.GroupBy(fault => fault.Kind).OrderBy(kind => kind.Key))
            output.WriteLine($"  {kind.Key,-20} {kind.Count(),4}   {Told(kind.Select(NextBegin))}{(kind.Any(fault => Hit(fault).Any()) ? "   " + Told(kind.Select(AllAgain)) : "")}");
        output.WriteLine(log.Violations.Count == 0 ? "All invariants hold." : $"{log.Violations.Count} invariants do not hold:");
        foreach (var violation in log.Violations)
            output.WriteLine("- " + violation);
    }

    static string Counted(IEnumerable<string> states) =>
        string.Join(", ", states.GroupBy(state => state).OrderByDescending(state => state.Count()).Select(state => $"{state.Count()} {state.Key}"));

    double NextBegin(Fault fault) =>
        runs.Values.SelectMany(job => job).Where(run => run.Began > fault.Ended).Select(run => (run.Began - fault.Ended).TotalSeconds).DefaultIfEmpty(0).Min();

    double AllAgain(Fault fault) => Hit(fault).Select(next => (next.Began - fault.Began).TotalSeconds).DefaultIfEmpty(0).Max();

    // The runs that took the place of those that it had ended.
    IEnumerable<LedgerRun> Hit(Fault fault) => runs.Values.SelectMany(job => job.Zip(job.Skip(1)))
        .Where(pair => (pair.First.Worker == fault.Worker || pair.First.Process == fault.Process)
            && pair.First.Began < fault.Ended && pair.Second.Began > fault.Began && pair.First.End != RunEnd.Failed)
        .Select(pair => pair.Second);

    static string Told(IEnumerable<double> seconds)
    {
        var sorted = seconds.Order().ToArray();
        return string.Create(CultureInfo.InvariantCulture, $"{sorted[sorted.Length / 2],5:0.00} s, at most {sorted[^1]:0.00} s");
    }
}
