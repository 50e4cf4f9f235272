using JobRunner.Storage;

namespace JobRunner;

/// <summary>
/// Adds of single jobs that wait for the same parent share a transaction, as <see cref="SharedAdds"/> do: each one rewrites the whole list
/// of those that wait for the parent, under its lock.
/// </summary>
sealed class SharedContinuations(IJobActions actions)
{
    readonly Lock _lock = new();
    readonly Dictionary<long, Parent> _parents = [];

    /// <inheritdoc cref="SharedAdds.AddAsync(NewJob, CancellationToken)"/>
    public async Task<long> AddAsync(long parentId, NewJob job, CancellationToken cancellationToken)
    {
        var parent = Enter(parentId);
        try
        {
            return await parent.Adds.AddAsync(job, cancellationToken);
        }
        finally
        {
            Leave(parentId, parent);
        }
    }

    Parent Enter(long parentId)
    {
        lock (_lock)
        {
            if (!_parents.TryGetValue(parentId, out var parent))
                _parents.Add(parentId, parent = new(new((jobs, cancellationToken) => actions.AddContinuationsAsync(parentId, jobs, cancellationToken))));
            parent.Callers++;
            return parent;
        }
    }

    void Leave(long parentId, Parent parent)
    {
        lock (_lock)
        {
            if (--parent.Callers == 0)
                _parents.Remove(parentId);
        }
    }

    sealed class Parent(SharedAdds adds)
    {
        public SharedAdds Adds => adds;

        public int Callers { get; set; }
    }
}
