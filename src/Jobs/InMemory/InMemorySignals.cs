using JobRunner.Storage;

namespace JobRunner.InMemory;

/// <summary>Tells the listeners. Never under the state's lock: who listens may ask the store.</summary>
sealed class InMemorySignals(TimeProvider time)
{
    readonly Lock _lock = new();
    readonly List<Action<StoreSignal>> _listeners = [];

    public async Task ListenAsync(Action<StoreSignal> onSignal, CancellationToken cancellationToken)
    {
        lock (_lock)
            _listeners.Add(onSignal);
        await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_lock)
            _listeners.Remove(onSignal);
    }

    public void Enqueued() => Tell(new(StoreSignalKind.Enqueued));

    public void Tell(StoreSignal signal)
    {
        Action<StoreSignal>[] listeners;
        lock (_lock)
            listeners = [.. _listeners];
        foreach (var listener in listeners)
            listener(signal);
    }
}
