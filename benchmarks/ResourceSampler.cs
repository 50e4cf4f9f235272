using System.Diagnostics;
using System.Globalization;

namespace JobRunner.Benchmarks;

/// <summary>The peaks of this process's resident memory and threads while it lives.</summary>
sealed class ResourceSampler : IDisposable
{
    readonly ITimer _timer;
    readonly TimeSpan _cpuBefore = Environment.CpuUsage.TotalTime;

    public ResourceSampler(TimeSpan period) => _timer = TimeProvider.System.CreateTimer(_ => Sample(), null, TimeSpan.Zero, period);

    public double PeakRssMiB { get; private set; }

    public int PeakThreads { get; private set; }

    /// <summary>Processor time of this process since then: the worker's side of the work, whatever else the machine does.</summary>
    public TimeSpan Cpu => Environment.CpuUsage.TotalTime - _cpuBefore;

    public void Dispose() => _timer.Dispose();

    void Sample()
    {
        var (rss, threads) = OperatingSystem.IsLinux() ? Read() : ReadSlowly();
        PeakRssMiB = Math.Max(PeakRssMiB, rss);
        PeakThreads = Math.Max(PeakThreads, threads);
    }

    static (double RssMiB, int Threads) Read()
    {
        var status = File.ReadLines("/proc/self/status")
            .Where(line => line.StartsWith("VmRSS:", StringComparison.Ordinal) || line.StartsWith("Threads:", StringComparison.Ordinal))
            .Select(line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            .ToDictionary(words => words[0], words => int.Parse(words[1], CultureInfo.InvariantCulture));
        return (status["VmRSS:"] / 1024.0, status["Threads:"]);
    }

    // Some milliseconds: it opens a directory for each thread.
    static (double RssMiB, int Threads) ReadSlowly()
    {
        using var process = Process.GetCurrentProcess();
        return (process.WorkingSet64 / 1048576.0, process.Threads.Count);
    }
}
