using System.Diagnostics;

namespace JobRunner.Benchmarks;

/// <summary>The peaks of this process's resident memory and threads while it lives, looked at 20 times a second.</summary>
sealed class ResourceSampler : IDisposable
{
    readonly ITimer _timer;
    readonly TimeSpan _cpuBefore = Environment.CpuUsage.TotalTime;

    public ResourceSampler() => _timer = TimeProvider.System.CreateTimer(_ => Sample(), null, TimeSpan.Zero, TimeSpan.FromMilliseconds(50));

    public double PeakRssMiB { get; private set; }

    public int PeakThreads { get; private set; }

    /// <summary>Processor time of this process since then: the worker's side of the work, whatever else the machine does.</summary>
    public TimeSpan Cpu => Environment.CpuUsage.TotalTime - _cpuBefore;

    public void Dispose() => _timer.Dispose();

    void Sample()
    {
        using var process = Process.GetCurrentProcess();
        PeakRssMiB = Math.Max(PeakRssMiB, process.WorkingSet64 / 1048576.0);
        PeakThreads = Math.Max(PeakThreads, process.Threads.Count);
    }
}
