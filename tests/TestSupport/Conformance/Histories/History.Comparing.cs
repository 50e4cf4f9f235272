using System.Globalization;

namespace JobRunner.TestSupport;

sealed partial class History
{
    /// <summary>Compares all that is stored.</summary>
    async Task CompareAsync()
    {
        foreach (var job in _model.Jobs)
        {
            var details = await store.Reader.GetAsync(job.Id, default);
            Expect($"{job} is there", details is not null, !job.IsGone);
            if (details is null)
                continue;
            Expect($"the history of {job}", Names(details.History.Select(state => state.Name)), Names(job.History.AsEnumerable().Reverse().Select(state => state.Name)));
            foreach (var (state, model) in details.History.Zip(job.History.AsEnumerable().Reverse()))
                CompareState(job, state, model.State);
            CompareParameters(job, details.Parameters);
            Expect($"{job} expires", details.ExpireAt is not null, job.ExpiresAt is not null);
            var row = JobStates.CanBeTaken(job.Current.Name) ? _model.Rows.FindLast(row => row.Job == job) : null;
            Expect($"the queue of {job}", details.Queue, row?.Queue);
        }

        var counts = await store.Reader.CountAsync(default);
        foreach (var state in JobStates.All)
            Expect($"jobs {state}", counts.ByState[state], _model.Finished.TryGetValue(state, out var n) ? n : _model.Present.Count(job => job.Current.Name == state));
        Expect("retries", counts.Retries, _model.Present.Count(job => job.IsRetry));
        Expect("waiting", Names(counts.Queues.Where(queue => queue.Value > 0).OrderBy(queue => queue.Key, StringComparer.Ordinal).Select(queue => $"{queue.Value} in {queue.Key}")),
            Names(_model.Rows.Where(row => row.Holder is null).GroupBy(row => row.Queue).OrderBy(rows => rows.Key, StringComparer.Ordinal).Select(rows => $"{rows.Count()} in {rows.Key}")));
        Expect("rescued in all", counts.Rescued, _model.Rescued);
        Expect("orphans in all", counts.Orphans, 0);
        await CompareDueAsync();
        Expect("servers", counts.Servers, _model.Servers.Count);
    }

    async Task CompareDueAsync()
    {
        var next = (await store.Queue.LookAsync(new(_queues), default)).NextScheduled;
        Expect("something is scheduled", next is not null, _model.Scheduled.Any());
        if (next is null)
            return;
        var model = _model.Scheduled.Min(job => job.Current.DueAt) - _model.Now;
        // What the test itself takes must not matter, and jobs are due whole minutes apart or in one order.
        Expect($"the first one is due in {next}, which is about {model}", (next.Value - model).Duration() < TimeSpan.FromMinutes(1), true);
    }

    // The store takes its own time for what it does itself.
    static void CompareState(ModelJob job, JobState state, JobState model)
    {
        Expect($"the reason of a state {state.Name} of {job}", state.Reason, model.Reason);
        Expect($"the data of a state {state.Name} of {job}", DataOf(state), DataOf(model));
    }

    // When a job is due is another instant after time has passed, for a store whose clock does not move (CompareDueAsync).
    static string DataOf(JobState state) => string.Join(", ", state.Data.OrderBy(pair => pair.Key, StringComparer.Ordinal)
        .Where(pair => pair.Key != "EnqueueAt" && (state.Reason is null || pair.Key is not ("EnqueuedAt" or "DeletedAt"))).Select(pair => $"{pair.Key}={pair.Value}"));

    void CompareParameters(ModelJob job, IReadOnlyDictionary<string, string?> parameters)
    {
        Expect($"retries of {job}", int.Parse(parameters.GetValueOrDefault("RetryCount") ?? "0", CultureInfo.InvariantCulture), job.Retries);
        long[] deaths = [.. (parameters.GetValueOrDefault(WorkerDeaths.Parameter) ?? "[]").Trim('[', ']')
            .Split(',', StringSplitOptions.RemoveEmptyEntries).Select(id => long.Parse(id, CultureInfo.InvariantCulture))];
        Expect($"deaths under {job}", deaths.Length, job.Deaths.Count);
        foreach (var (id, state) in deaths.Zip(job.Deaths))
            Learn(job, state, id);
    }

    /// <summary>The store says which id a state row has: the one that it has always had, and no other row has.</summary>
    void Learn(ModelJob job, ModelState state, long id)
    {
        Expect($"the id of a state {state.Name} of {job}", id, state.Id ?? id);
        if (state.Id is null && _model.Jobs.Exists(other => other.History.Exists(known => known.Id == id)))
            throw new HistoryException($"The state {state.Name} of {job} has the id {id}, which another row has.");
        state.Id = id;
    }
}
