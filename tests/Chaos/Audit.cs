using JobRunner.Chaos.Jobs;

namespace JobRunner.Chaos;

/// <summary>Holds what the jobs wrote down, what the database says and what went wrong against each other.</summary>
sealed class Audit(
    IReadOnlyDictionary<int, Ordered> ordered, Dictionary<long, StoredJob> jobs, Dictionary<long, List<LedgerRun>> runs, ChaosLog log)
{
    const int MostExamples = 5;

    // After its end a job's outcome may wait for the next commit, and what is known of a fault is not known to the millisecond.
    static readonly TimeSpan _slack = TimeSpan.FromSeconds(5);

    // Between two faults it may be too short to write anything.
    static readonly TimeSpan _breath = TimeSpan.FromSeconds(1);

    readonly Fault[] _silences = [.. log.Faults.Where(fault => fault.Kind is FaultKind.Outage or FaultKind.BlackHole or FaultKind.ReadOnlyServer
        or FaultKind.DiskFull or FaultKind.CrashServer or FaultKind.RestartServer).OrderBy(fault => fault.Began)];
    readonly Dictionary<FaultKind, int> _causes = [];

    /// <summary>Runs that came after one that a fault had hit, by that fault.</summary>
    public IReadOnlyDictionary<FaultKind, int> Causes => _causes;

    /// <summary>Jobs whose effect is there more than once.</summary>
    public int Duplicates { get; private set; }

    public void Run()
    {
        Each("has not ended", jobs.Values.Where(job => !job.IsFinal), job => $"is {job.State}: {Story(job)}");
        Each("was enqueued and does not exist", ordered.Values.Where(order => order.JobId is { } id && !jobs.ContainsKey(id)), order => $"{order}");
        Each("has another end than it should", jobs.Values.Where(job => job.IsFinal && job.State != Expected(job)), job => $"is {job.State}: {Story(job)}");
        Each("has succeeded without an effect", jobs.Values.Where(job => job.State == "Succeeded" && !RunsOf(job).Exists(run => run.End == RunEnd.Well)), Story);
        Each("left a final state", jobs.Values.Where(LeftFinalState), Story);
        Each("was released more than once", jobs.Values.Where(IsReleasedTwice), Story);
        Each("began before the job that it waits for had ended", jobs.Values.Where(BeganEarly), Story);
        Each("ran more than once although it must not", jobs.Values.Where(job => KindOf(job) == nameof(ChaosJobs.OnceAsync) && RunsOf(job).Count > 1), Story);
        Each("killed more than three workers", jobs.Values.Where(job => KindOf(job) == nameof(ChaosJobs.KillWorkerAsync) && RunsOf(job).Count > 3), Story);
        Each("ran again without a cause", jobs.Values.Where(RanWithoutCause), job => $"{Story(job)}; {Around(job)}");
        Each("ran while another run had its resource", Overlaps(), pair => pair);
        Recurring();
        Duplicates = jobs.Values.Count(job => RunsOf(job).Count(run => run.End == RunEnd.Well) > 1);
    }

    List<LedgerRun> RunsOf(StoredJob job) => runs.GetValueOrDefault(job.Id) ?? [];

    string? KindOf(StoredJob job) => job.Key is { } key ? ordered.GetValueOrDefault(key)?.Kind : null;

    // A job that must not run twice fails when it cannot be known whether it ran; so does one under which three workers died: the first one
    // perhaps before it began it, which nobody can tell, and the others behind the row that says that they were to begin it.
    string? Expected(StoredJob job) => KindOf(job) switch
    {
        nameof(ChaosJobs.FailForGoodAsync) or nameof(ChaosJobs.KillWorkerAsync) => "Failed",
        nameof(ChaosJobs.OnceAsync) when RunsOf(job) is var once && (once.Count == 0 || once.Exists(IsHit)) => job.State,
        nameof(ChaosJobs.EndOddlyAsync) => job.State,
        null when job.Occurrence is null => "Failed", // a hostile row
        _ when job.History.Count(state => state == "Processing") >= 2 && RunsOf(job).Exists(IsHit) => job.State,
        _ => "Succeeded",
    };

    static bool LeftFinalState(StoredJob job)
    {
        for (var i = 0; i < job.History.Count - 1; i++)
        {
            if (job.History[i] is "Succeeded" or "Deleted" || (job.History[i] == "Failed" && job.History[i + 1] is not ("Scheduled" or "Enqueued")))
                return true;
        }

        return false;
    }

    static bool IsReleasedTwice(StoredJob job) => job.History.Count(state => state == "Awaiting") > 1
        || (job.History is ["Awaiting", ..] && job.History.Count(state => state == "Enqueued") > 1 + job.History.Count(state => state == "Scheduled"));

    bool BeganEarly(StoredJob job) => job.Key is { } key && ordered.GetValueOrDefault(key)?.Parent is { } parent
        && RunsOf(job) is [var first, ..] && ordered[parent].JobId is { } parentId
        && !(runs.GetValueOrDefault(parentId) ?? []).Exists(run => run.End == RunEnd.Well && run.Ended <= first.Began);

    // Of all runs that did not fail as they were to, one is the job's own; the others have to have been hit. It need not be the last:
    // a zombie may begin with a job when others have done it.
    bool RanWithoutCause(StoredJob job)
    {
        var unplanned = RunsOf(job).Where(run => run.End != RunEnd.Failed).ToArray();
        if (unplanned.Length <= 1)
            return false;
        foreach (var cause in unplanned.Select(CauseOf).OfType<Fault>().Take(unplanned.Length - 1))
            _causes[cause.Kind] = _causes.GetValueOrDefault(cause.Kind) + 1;
        return unplanned.Count(run => !IsHit(run)) > 1;
    }

    bool IsHit(LedgerRun run) => CauseOf(run) is not null;

    // Of the faults only those of its worker or its sandbox make it right to run a job again: what was written or answered too
    // late has to be written in the end, however the network and the server were.
    Fault? CauseOf(LedgerRun run) => log.Faults.FirstOrDefault(fault =>
        (fault.Worker == run.Worker || fault.Process == run.Process)
        && run.Began <= fault.Ended + _slack && WrittenBy(run) >= fault.Began - _slack);

    // While nothing can be written, its worker keeps what came of it; when the worker goes before the fault is over, that is lost with it.
    DateTimeOffset WrittenBy(LedgerRun run)
    {
        var written = run.Ended ?? DateTimeOffset.MaxValue;
        foreach (var silence in _silences)
        {
            if (silence.Ended > written && silence.Began - _breath <= written)
                written = silence.Ended;
        }

        return written;
    }

    string Around(StoredJob job) => "faults at that time: " + string.Join(", ", log.Faults
        .Where(fault => RunsOf(job)[0].Began <= fault.Ended + _slack && RunsOf(job)[^1].Began >= fault.Began - _slack)
        .Select(fault => $"{fault.Kind} {fault.Worker} {fault.Began:mm:ss.fff} to {fault.Ended:mm:ss.fff}"));

    // A zombie's run and the one that took its place may overlap: the lock was taken from the dead.
    IEnumerable<string> Overlaps()
    {
        foreach (var resource in jobs.Values.Where(job => job.Key is { } key && ordered.GetValueOrDefault(key)?.Resource is not null)
            .GroupBy(job => ordered[job.Key!.Value].Resource))
        {
            LedgerRun? latest = null;
            foreach (var run in resource.SelectMany(RunsOf).Where(run => !IsHit(run) && run.Ended is not null).OrderBy(run => run.Began))
            {
                if (latest is not null && run.Began < latest.Ended)
                    yield return $"resource {resource.Key}: job {latest.JobId} {latest}, job {run.JobId} {run}";
                if (latest is null || run.Ended > latest.Ended)
                    latest = run;
            }
        }
    }

    // They are strict: each second that is theirs has its job, from the first to the last.
    void Recurring()
    {
        foreach (var recurring in jobs.Values.Where(job => job.Occurrence is not null).GroupBy(job => job.Occurrence!.Split(' ')[0]))
        {
            var times = recurring.Select(job => long.Parse(job.Occurrence!.Split(' ')[1], null)).Order().ToArray();
            Each($"recurring job {recurring.Key} has an occurrence twice", times.GroupBy(time => time).Where(time => time.Count() > 1), time => $"{time.Key}");
            Each($"recurring job {recurring.Key} has lost occurrences", times.Zip(times.Skip(1)).Where(pair => pair.Second - pair.First > ChaosRun.RecurringSeconds), pair => $"{pair}");
        }
    }

    string Story(StoredJob job) =>
        $"job {job.Id} ({KindOf(job) ?? "unknown"}): {string.Join(", ", job.History.Zip(job.Times, (state, at) => $"{state} {at:mm:ss.fff}"))}; runs {string.Join("; ", RunsOf(job))}";

    void Each<T>(string what, IEnumerable<T> found, Func<T, string> tell)
    {
        var all = found.ToArray();
        if (all.Length > 0)
            log.Violation($"{all.Length} × {what}:\n    {string.Join("\n    ", all.Take(MostExamples).Select(tell))}");
    }
}
