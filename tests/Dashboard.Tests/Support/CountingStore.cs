using JobRunner.Storage;

namespace JobRunner.Dashboard.Tests.Support;

/// <summary>An empty store that counts how often it is asked for the numbers, and that can stop answering.</summary>
sealed class CountingStore : IJobStore, IJobReader, IServerRegistry
{
    int _counts;

    public int Counts => Volatile.Read(ref _counts);

    public bool IsDown { get; set; }

    public string Description => "nothing";

    public IJobReader Reader => this;

    public IServerRegistry Servers => this;

    public IWorkQueue Queue => throw new NotSupportedException();

    public IJobActions Actions => throw new NotSupportedException();

    public IMaintenance Maintenance => throw new NotSupportedException();

    public INotesStore Notes => throw new NotSupportedException();

    public IResourceLocks Locks => throw new NotSupportedException();

    public IRecurringStore Recurring => throw new NotSupportedException();

    public IExecutionHistory History { get; } = new NoHistory();

    public Task InitializeAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<StoreCounts> CountAsync(CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _counts);
        return Answer(new StoreCounts(JobStates.All.ToDictionary(s => s, _ => 0L), 0, 0, new Dictionary<string, long>()));
    }

    public Task<JobDetails?> GetAsync(long jobId, int? longest, CancellationToken cancellationToken) => Answer<JobDetails?>(null);

    public Task<JobGlance?> GlanceAsync(long jobId, CancellationToken cancellationToken) => Answer<JobGlance?>(null);

    public Task<IReadOnlyList<CurrentState>> GetStatesAsync(IReadOnlyCollection<long> jobIds, CancellationToken cancellationToken) =>
        Answer<IReadOnlyList<CurrentState>>([]);

    public Task<JobListing> ListAsync(string state, int offset, int count, CancellationToken cancellationToken) => Answer(new JobListing([]));

    public Task<IReadOnlyList<JobLogLine>> ReadLogAsync(long jobId, long afterId, int count, CancellationToken cancellationToken) =>
        Answer<IReadOnlyList<JobLogLine>>([]);

    public Task<IReadOnlyList<ServerInfo>> ListAsync(CancellationToken cancellationToken) => Answer<IReadOnlyList<ServerInfo>>([]);

    public void Announce(ServerInfo server, TimeSpan gap) => throw new NotSupportedException();

    public Task WithdrawAsync(string serverId, CancellationToken cancellationToken) => throw new NotSupportedException();

    sealed class NoHistory : IExecutionHistory
    {
        public bool IsKept => false;

        public Task<IReadOnlyList<ExecutionRecord>> ReadAsync(ExecutionQuery query, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<IReadOnlyList<MethodSummary>> SummarizeAsync(DateTimeOffset from, DateTimeOffset to, int count, CancellationToken cancellationToken) =>
            throw new NotSupportedException();
    }

    Task<T> Answer<T>(T answer) => IsDown ? throw new TimeoutException("The store does not answer.") : Task.FromResult(answer);
}
