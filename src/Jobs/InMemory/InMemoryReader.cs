using JobRunner.Storage;

namespace JobRunner.InMemory;

/// <summary>What is known of jobs.</summary>
sealed class InMemoryReader(InMemoryState store, InMemoryServers servers, InMemoryMaintenance maintenance) : IJobReader
{
    InMemoryLists Lists => store.States.Lists;

    public Task<JobDetails?> GetAsync(long jobId, CancellationToken cancellationToken)
    {
        lock (store.Lock)
            return Task.FromResult(store.Jobs.TryGetValue(jobId, out var job) ? Details(job) : null);
    }

    public Task<JobListing> ListAsync(string state, int offset, int count, CancellationToken cancellationToken)
    {
        lock (store.Lock)
        {
            return Task.FromResult(new JobListing([.. Lists.In(state).Skip(offset).Take(count).Select(id => Summary(store.Jobs[id]))]));
        }
    }

    public Task<StoreCounts> CountAsync(CancellationToken cancellationToken)
    {
        lock (store.Lock)
        {
            var byState = JobStates.All.ToDictionary(name => name, name => name switch
            {
                JobStates.Succeeded => store.States.Statistics.Succeeded,
                JobStates.Deleted => store.States.Statistics.Deleted,
                _ => Lists.Count(name),
            });
            return Task.FromResult(new StoreCounts(byState, Lists.Retries, servers.Count, store.Queues.Waiting) { Rescued = maintenance.Rescued });
        }
    }

    public Task<IReadOnlyList<JobLogLine>> ReadLogAsync(long jobId, long afterId, int count, CancellationToken cancellationToken)
    {
        lock (store.Lock)
        {
            IReadOnlyList<JobLogLine> lines = store.Jobs.TryGetValue(jobId, out var job) && job.Log is { } log
                ? [.. log.Where(line => line.Id > afterId).Take(count)]
                : [];
            return Task.FromResult(lines);
        }
    }

    static JobSummary Summary(InMemoryJob job) => new(job.Id, job.Invocation, job.State, job.CreatedAt);

    static JobDetails Details(InMemoryJob job) => new(
        job.Id, job.Invocation, null, job.CreatedAt, job.ExpireAt, new Dictionary<string, string?>(job.Parameters),
        [.. job.History.AsEnumerable().Reverse()], JobStates.CanBeTaken(job.State.Name) && job.QueueRows is [.., var row] ? row.Queue : null, job.Progress);
}
