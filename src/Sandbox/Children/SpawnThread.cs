using System.Collections.Concurrent;
using System.Diagnostics;

namespace JobRunner.Sandbox;

/// <summary>
/// The one thread that starts children. Linux ties the parent-death signal to the thread that started the process, not to
/// its process: a child started from a pool thread would be killed when the pool lets that thread go. This one lives
/// as long as the pool, and ends only after all children have.
/// </summary>
sealed class SpawnThread : IDisposable
{
    readonly BlockingCollection<(ProcessStartInfo Start, TaskCompletionSource<Process> Started)> _orders = [];

    readonly bool _protectHost;

    /// <param name="protectHost">Whether what it starts is to have no privileges.</param>
    public SpawnThread(bool protectHost = false)
    {
        _protectHost = protectHost && OperatingSystem.IsLinux();
        new Thread(Run) { IsBackground = true, Name = "JobRunner sandbox starter" }.Start();
    }

    /// <summary>Starts a process.</summary>
    public Task<Process> StartAsync(ProcessStartInfo start)
    {
        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        _orders.Add((start, started));
        return started.Task;
    }

    public void Dispose() => _orders.CompleteAdding();

    void Run()
    {
        if (_protectHost && OperatingSystem.IsLinux())
            HostProtection.GiveUpPrivileges();
        foreach (var (start, started) in _orders.GetConsumingEnumerable())
        {
            try
            {
                if (OperatingSystem.IsLinux())
                    Libc.CloseDescriptorsOnExec();
                started.SetResult(Process.Start(start)!);
            }
            catch (Exception e)
            {
                started.SetException(e);
            }
        }

        _orders.Dispose();
    }
}
