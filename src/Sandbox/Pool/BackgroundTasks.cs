namespace JobRunner.Sandbox;

/// <summary>Tasks that nobody awaits now, but whose end must be awaited before the pool is gone.</summary>
sealed class BackgroundTasks
{
    readonly Lock _lock = new();
    readonly HashSet<Task> _tasks = [];

    public void Add(Task task)
    {
        lock (_lock)
            _tasks.Add(task);
        _ = task.ContinueWith(Forget, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Waits for all, those included that they add.</summary>
    public async Task DrainAsync()
    {
        while (Snapshot() is { Length: > 0 } tasks)
            await Task.WhenAll(tasks);
    }

    void Forget(Task task)
    {
        lock (_lock)
            _tasks.Remove(task);
    }

    Task[] Snapshot()
    {
        lock (_lock)
            return [.. _tasks];
    }
}
