namespace JobRunner.TestSupport;

/// <summary>What a store should do, in the simplest form: lists that are looked through.</summary>
sealed class ModelStore
{
    public static readonly TimeSpan Silence = TimeSpan.FromMinutes(17);
    public static readonly TimeSpan Gap = TimeSpan.FromMinutes(10);

    static readonly TimeSpan _invisibility = TimeSpan.FromMinutes(30);
    static readonly TimeSpan _serverTimeout = TimeSpan.FromMinutes(5);
    static readonly TimeSpan _expiration = TimeSpan.FromDays(1);

    /// <summary>The time since the history began.</summary>
    public TimeSpan Now { get; set; }

    /// <summary>All that ever were.</summary>
    public List<ModelJob> Jobs { get; } = [];

    /// <summary>Oldest first.</summary>
    public List<ModelRow> Rows { get; } = [];

    public Dictionary<string, ModelServer> Servers { get; } = [];

    public int Rescued { get; private set; }

    public Dictionary<string, int> Finished { get; } = new() { [JobStates.Succeeded] = 0, [JobStates.Deleted] = 0 };

    public IEnumerable<ModelJob> Present => Jobs.Where(job => !job.IsGone);

    public IEnumerable<ModelJob> Scheduled => Present.Where(job => job.Current.Name == JobStates.Scheduled);

    public void Add(ModelJob job, JobState state)
    {
        Jobs.Add(job);
        Enter(job, state);
    }

    public List<ModelRow> Claim(IEnumerable<string> queues, int count, int most)
    {
        var claimed = new List<ModelRow>();
        foreach (var queue in queues)
        {
            var limit = Math.Min(count, claimed.Count + most);
            foreach (var row in Rows.Where(row => row.Holder is null && row.Queue == queue).OrderBy(row => row.Job.Id).ToArray())
            {
                if (claimed.Count == limit)
                    break;
                if (row.Job.IsGone || !JobStates.CanBeTaken(row.Job.Current.Name))
                    Rows.Remove(row);
                else
                    claimed.Add(row);
            }
        }

        foreach (var row in claimed)
        {
            row.Holder = new(row);
            row.RenewedAt = Now;
        }

        return claimed;
    }

    /// <returns>The job's current state row, or null when the change did not take.</returns>
    public ModelState? Apply(ModelChange change)
    {
        var job = change.Job;
        var held = Holds(change.Claim);
        if (!job.IsGone && change.Written is { } written && (change.Ends || (held && written[^1] == job.Current)))
            return job.Current;
        if (held && change.Ends)
            Rows.Remove(change.Claim.Row);
        if (!held || job.IsGone || job.Current != change.Seen)
            return null;
        job.Retries = change.Retries ?? job.Retries;
        change.Written = Enter(job, [.. change.States]);
        return job.Current;
    }

    /// <returns>False when the claim is lost.</returns>
    public bool Renew(ModelClaim claim)
    {
        if (!Holds(claim) || claim.Job.IsGone || claim.Job.Current != claim.Seen)
            return false;
        claim.Row.RenewedAt = Now;
        return true;
    }

    public void Release(ModelClaim claim)
    {
        if (Holds(claim))
            Wait(claim.Row);
    }

    public void Drop(ModelClaim claim)
    {
        if (!Holds(claim))
            return;
        if (!claim.Job.IsGone && claim.Job.Current == claim.Seen)
            Wait(claim.Row);
        else
            Rows.Remove(claim.Row);
    }

    public void Announce(string server) =>
        Servers[server] = new(Now, Servers.TryGetValue(server, out var known) && Now - known.HeardAt <= Gap ? known.HeardSince : Now);

    /// <param name="server">Who asks; null for somebody who may always.</param>
    /// <param name="own">What he holds himself.</param>
    public int Rescue(string? server, IReadOnlyCollection<ModelClaim> own)
    {
        var before = Rescued;
        foreach (var row in Rows.Where(row => MayRescue(server) && IsAbandoned(row) && !own.Contains(row.Holder!)).ToArray())
        {
            if (Wait(row))
            {
                Rescued++;
                if (!row.Job.IsGone && !row.Job.Deaths.Contains(row.Job.Current))
                    row.Job.Deaths.Add(row.Job.Current);
            }
        }

        foreach (var silent in Servers.Where(other => Now - other.Value.HeardAt > _serverTimeout).ToArray())
            Servers.Remove(silent.Key);
        return Rescued - before;
    }

    public int Requeue(IEnumerable<ModelJob> jobs, JobState state) => Change(jobs.Where(job => !job.IsGone), state);

    public int Delete(IEnumerable<ModelJob> jobs, JobState state) =>
        Change(jobs.Where(job => !job.IsGone && job.Current.Name != JobStates.Deleted), state);

    public int EnqueueDue(int count, JobState state) => Change(Scheduled
        .Where(job => job.Current.DueAt <= Now).OrderBy(job => job.Current.DueAt).Take(count), state);

    public int Expire()
    {
        var gone = Present.Where(job => job.ExpiresAt < Now).ToArray();
        foreach (var job in gone)
            job.IsGone = true;
        return gone.Length;
    }

    /// <summary>Says what is wrong with the model itself, if anything.</summary>
    public string? Fault() =>
        Rows.Where(row => row.Holder is null).GroupBy(row => row.Job).FirstOrDefault(rows => rows.Count() > 1) is { } twice
            ? $"{twice.Key} waits twice"
        : Present.FirstOrDefault(job => job.Current.Name is JobStates.Enqueued or JobStates.Processing && !Rows.Exists(row => row.Job == job)) is { } lost
            ? $"{lost} is {lost.Current.Name}, and no queue row stands for it"
        : null;

    bool Holds(ModelClaim claim) => claim.Row.Holder == claim && Rows.Contains(claim.Row);

    // A row whose job was enqueued anew since it was claimed stands for nothing any more.
    bool Wait(ModelRow row)
    {
        row.Holder = null;
        if (Rows.FindLast(other => other.Job == row.Job) == row)
            return true;
        Rows.Remove(row);
        return false;
    }

    bool MayRescue(string? server) => server is null
        || (Servers.TryGetValue(server, out var heard) && Now - heard.HeardAt <= Gap && Now - heard.HeardSince >= Silence);

    bool IsAbandoned(ModelRow row)
    {
        var age = Now - row.RenewedAt;
        if (row.Holder is null || age <= Silence)
            return false;
        return age > _invisibility || (!row.Job.IsGone && row.Job.Current switch
        {
            { Name: JobStates.Enqueued or JobStates.Scheduled } => true,
            { Name: JobStates.Processing, State: var state } => !Servers.TryGetValue(state.Data["ServerId"], out var server) || Now - server.HeardAt > Silence,
            _ => false,
        });
    }

    int Change(IEnumerable<ModelJob> jobs, JobState state)
    {
        var changed = jobs.Distinct().ToArray();
        foreach (var job in changed)
            Enter(job, state);
        return changed.Length;
    }

    ModelState[] Enter(ModelJob job, params JobState[] states)
    {
        var to = states[^1];
        if (job.History.Count > 0 && JobStates.IsFinal(job.Current.Name))
            Finished[job.Current.Name]--;
        if (JobStates.IsFinal(to.Name))
            Finished[to.Name]++;
        job.ExpiresAt = JobStates.IsFinal(to.Name) ? Now + _expiration : null;
        if (to.Name == JobStates.Enqueued)
        {
            Rows.RemoveAll(row => row.Job == job && row.Holder is null);
            Rows.Add(new(job, to.Data["Queue"] == "default" ? job.OwnQueue ?? "default" : to.Data["Queue"]));
        }

        ModelState[] entered = [.. states.Select(state => new ModelState(state, Now))];
        job.History.AddRange(entered);
        return entered;
    }
}
