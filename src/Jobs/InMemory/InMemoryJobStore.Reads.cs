using JobRunner.Storage;

namespace JobRunner.InMemory;

sealed partial class InMemoryJobStore
{
    public Task<JobDetails?> GetAsync(long jobId, CancellationToken cancellationToken)
    {
        lock (_lock)
            return Task.FromResult(_jobs.TryGetValue(jobId, out var job) ? Details(job) : null);
    }

    public Task<IReadOnlyList<JobLogLine>> ReadLogAsync(long jobId, long afterId, int count, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            IReadOnlyList<JobLogLine> lines = _jobs.TryGetValue(jobId, out var job) && job.Log is { } log
                ? [.. log.Where(line => line.Id > afterId).Take(count)]
                : [];
            return Task.FromResult(lines);
        }
    }

    public Task<IReadOnlyList<JobSummary>> ListAsync(string state, int offset, int count, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            IReadOnlyList<JobSummary> jobs = _byState.TryGetValue(state, out var ids)
                ? [.. ids.Reverse().Skip(offset).Take(count).Select(id => Summary(_jobs[id]))]
                : [];
            return Task.FromResult(jobs);
        }
    }

    public Task<StoreCounts> CountAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var byState = JobStates.All.ToDictionary(name => name, name => name switch
            {
                JobStates.Succeeded => _counters.GetValueOrDefault("stats:succeeded").Value,
                JobStates.Deleted => _counters.GetValueOrDefault("stats:deleted").Value,
                _ => _byState[name].Count,
            });
            var waiting = _queues.Where(queue => queue.Value.Count > 0).ToDictionary(queue => queue.Key, queue => (long)queue.Value.Count);
            return Task.FromResult(new StoreCounts(byState, _retries.Count, _servers.Count, waiting) { Rescued = _rescued });
        }
    }

    public Task<IReadOnlyList<ServerInfo>> ListServersAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
            return Task.FromResult<IReadOnlyList<ServerInfo>>([.. _servers.Values.OrderBy(server => server.Id, StringComparer.Ordinal)]);
    }

    static JobSummary Summary(InMemoryJob job) => new(job.Id, job.Invocation, job.State, job.CreatedAt);

    static JobDetails Details(InMemoryJob job) => new(
        job.Id, job.Invocation, null, job.CreatedAt, job.ExpireAt, new Dictionary<string, string?>(job.Parameters),
        [.. job.History.AsEnumerable().Reverse()], JobStates.CanBeTaken(job.State.Name) && job.QueueRows is [.., var row] ? row.Queue : null, job.Progress);
}
