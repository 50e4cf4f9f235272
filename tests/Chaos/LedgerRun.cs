using System.Globalization;

namespace JobRunner.Chaos;

/// <summary>How a run of a job ended.</summary>
enum RunEnd
{
    /// <summary>Its process was killed, or the job with its sandbox.</summary>
    None,
    Well,

    /// <summary>With an exception that it was to throw.</summary>
    Failed,

    /// <summary>Because it was told to stop.</summary>
    Cancelled,
}

/// <summary>One run of a job, as the job wrote it down.</summary>
sealed class LedgerRun
{
    public required int Key { get; init; }

    public required long JobId { get; init; }

    public required string Worker { get; init; }

    public required int Process { get; init; }

    public required DateTimeOffset Began { get; init; }

    public DateTimeOffset? Ended { get; set; }

    public RunEnd End { get; set; }

    public override string ToString() =>
        $"on {Worker} ({Process}) {Began:mm:ss.fff} to {(Ended is { } ended ? $"{ended:mm:ss.fff}" : "-")} {End}";

    /// <summary>All runs, by the id of their job, in the order of their beginnings.</summary>
    public static Dictionary<long, List<LedgerRun>> Read(string directory)
    {
        var runs = new List<LedgerRun>();
        foreach (var file in Directory.EnumerateFiles(directory, "*.ledger"))
        {
            var open = new Dictionary<long, LedgerRun>();
            foreach (var line in File.ReadLines(file))
            {
                var fields = line.Split(' ');
                var run = Number(fields[5]);
                var at = DateTimeOffset.FromUnixTimeMilliseconds(Number(fields[7]));
                if (fields[0] == "B")
                {
                    runs.Add(open[run] = new()
                    {
                        Key = (int)Number(fields[1]), JobId = Number(fields[2]), Process = (int)Number(fields[4]), Worker = fields[6], Began = at,
                    });
                    continue;
                }

                (open[run].Ended, open[run].End) = (at, fields[0] switch { "E" => RunEnd.Well, "F" => RunEnd.Failed, _ => RunEnd.Cancelled });
            }
        }

        return runs.OrderBy(run => run.Began).GroupBy(run => run.JobId).ToDictionary(job => job.Key, job => job.ToList());
    }

    static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
