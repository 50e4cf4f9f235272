using JobRunner.Storage;

namespace JobRunner.InMemory;

/// <summary>What is known of jobs.</summary>
sealed class InMemoryReader(InMemoryState store, InMemoryServers servers, InMemoryMaintenance maintenance) : IJobReader
{
    InMemoryLists Lists => store.States.Lists;

    public Task<JobDetails?> GetAsync(long jobId, int? longest, CancellationToken cancellationToken)
    {
        lock (store.Lock)
        {
            var details = store.Jobs.TryGetValue(jobId, out var job) ? Details(job) : null;
            return Task.FromResult(details is not null && longest is { } most ? Cut(details, most) : details);
        }
    }

    public Task<JobGlance?> GlanceAsync(long jobId, CancellationToken cancellationToken)
    {
        lock (store.Lock)
            return Task.FromResult(store.Jobs.TryGetValue(jobId, out var job)
                ? new JobGlance(job.State.Name, job.State.CreatedAt, job.History.Count, job.Progress) : null);
    }

    public Task<IReadOnlyList<CurrentState>> GetStatesAsync(IReadOnlyCollection<long> jobIds, CancellationToken cancellationToken)
    {
        lock (store.Lock)
        {
            return Task.FromResult<IReadOnlyList<CurrentState>>([.. jobIds.Distinct()
                .Where(store.Jobs.ContainsKey)
                .Select(id => (Id: id, store.Jobs[id].State))
                .Select(job => new CurrentState(job.Id, job.State.Name, JobStates.HasEnded(job.State.Name) ? job.State : null))]);
        }
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

    static JobSummary Summary(InMemoryJob job) => new(
        job.Id, job.Invocation.PayloadLength is > IJobReader.ListedArguments and var bytes ? job.Invocation.Listed(bytes) : job.Invocation,
        Cut(job.State, IJobReader.ListedText), job.CreatedAt);

    static JobDetails Cut(JobDetails job, int longest) => job with
    {
        Invocation = job.Invocation! with { Arguments = [.. job.Invocation.Arguments.Select(argument => Cut(argument, longest))] },
        Parameters = job.Parameters.ToDictionary(parameter => parameter.Key, parameter => Cut(parameter.Value, longest)),
        History = [.. job.History.Select((state, i) => Cut(state, i == 0 ? longest : Math.Min(longest, IJobReader.FormerText)))],
    };

    static JobState Cut(JobState state, int longest) => state with
    {
        Data = state.Data.ToDictionary(value => value.Key, value => CutText.Of(value.Value, longest)),
        Reason = Cut(state.Reason, longest),
    };

    static string? Cut(string? text, int longest) => text is null ? null : CutText.Of(text, longest);

    static JobDetails Details(InMemoryJob job) => new(
        job.Id, job.Invocation, null, job.CreatedAt, job.ExpireAt, new Dictionary<string, string?>(job.Parameters),
        [.. job.History.AsEnumerable().Reverse()], JobStates.CanBeTaken(job.State.Name) && job.QueueRows is [.., var row] ? row.Queue : null, job.Progress);
}
