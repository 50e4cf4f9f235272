namespace JobRunner.Worker;

/// <summary>Lets in so much weight at a time, in the order of arrival. What weighs more than all of it comes in alone.</summary>
/// <remarks>Thread-safe.</remarks>
sealed class WeightGate(long capacity)
{
    readonly Lock _lock = new();
    readonly Queue<(long Weight, TaskCompletionSource Entered)> _line = new();
    long _inside;

    /// <summary>Waits until there is room for it.</summary>
    public Task EnterAsync(long weight)
    {
        lock (_lock)
        {
            if (_line.Count == 0 && Fits(weight))
            {
                _inside += weight;
                return Task.CompletedTask;
            }

            var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _line.Enqueue((weight, entered));
            return entered.Task;
        }
    }

    /// <summary>Makes room: what came in has gone.</summary>
    public void Leave(long weight)
    {
        lock (_lock)
        {
            _inside -= weight;
            while (_line.TryPeek(out var next) && Fits(next.Weight))
            {
                _line.Dequeue();
                _inside += next.Weight;
                next.Entered.SetResult();
            }
        }
    }

    bool Fits(long weight) => _inside == 0 || _inside + weight <= capacity;
}
