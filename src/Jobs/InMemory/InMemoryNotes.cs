using JobRunner.Storage;

namespace JobRunner.InMemory;

/// <summary>What running jobs say, kept with the jobs.</summary>
sealed class InMemoryNotes(InMemoryState state) : INotesStore
{
    public Task WriteAsync(IReadOnlyList<JobLogLine> lines, IReadOnlyList<JobProgress> progress, CancellationToken cancellationToken)
    {
        lock (state.Lock)
        {
            foreach (var line in lines)
            {
                if (state.Jobs.TryGetValue(line.JobId, out var job))
                    (job.Log ??= []).Add(line with { Id = state.NewId() });
            }

            foreach (var item in progress)
            {
                if (state.Jobs.TryGetValue(item.JobId, out var job))
                    job.Progress = item;
            }
        }

        return Task.CompletedTask;
    }
}
