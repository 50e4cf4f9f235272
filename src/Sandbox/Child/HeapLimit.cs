namespace JobRunner.Sandbox;

/// <summary>
/// Bounds the managed heap a little below the job's memory limit: the job then gets an OutOfMemoryException, which tells where,
/// and the collector works harder before that. Set while the process runs, not at its start: a heap that was started with a limit
/// cannot grow beyond it later (.NET 10 crashes when it tries), and the next job may be allowed more.
/// </summary>
static class HeapLimit
{
    // What a process of .NET holds besides its heap.
    const long RuntimeBytes = 48L * 1024 * 1024;

    static readonly long Most = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
    static long _memory;

    /// <summary>Sets it for a job that may hold so many bytes; 0 for any.</summary>
    public static void Apply(long memory)
    {
        if (memory == _memory)
            return;
        _memory = memory;
        AppContext.SetData("GCHeapHardLimit", memory == 0 ? 0UL : (ulong)Math.Min(Most, Math.Max(memory - RuntimeBytes, memory / 2)));
        if (!TryRefresh())
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive);
            TryRefresh();
        }
    }

    static bool TryRefresh()
    {
        try
        {
            GC.RefreshMemoryLimit();
            return true;
        }
        catch (InvalidOperationException)
        {
            return false; // jobs before this one have left more in the heap: the watchdog holds the limit then
        }
    }
}
