using System.Diagnostics;

namespace JobRunner.Benchmarks;

/// <summary>The peaks of this process's resident memory and threads while it lives, looked at 20 times a second.</summary>
sealed class ResourceSampler : IDisposable
{
    readonly ITimer _timer;

    public ResourceSampler() => _timer = TimeProvider.System.CreateTimer(_ => Sample(), null, TimeSpan.Zero, TimeSpan.FromMilliseconds(50));

    public double PeakRssMiB { get; private set; }

    public int PeakThreads { get; private set; }

    public void Dispose() => _timer.Dispose();

    void Sample()
    {
        using var process = Process.GetCurrentProcess();
        PeakRssMiB = Math.Max(PeakRssMiB, process.WorkingSet64 / 1048576.0);
        PeakThreads = Math.Max(PeakThreads, process.Threads.Count);
    }
}
