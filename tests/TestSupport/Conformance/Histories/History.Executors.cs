using JobRunner.Storage;

namespace JobRunner.TestSupport;

sealed partial class History
{
    // The ways of a change.
    const int Succeed = 0;
    const int RetryLater = 1;
    const int RetryNow = 2;
    const int Fail = 3;
    const int Mark = 4;

    Task ClaimAsync(Executor who, Step step)
    {
        string[] queues = [_queues[step.Which % 3], _queues[(step.Which + 1) % 3]];
        return ClaimAsync(who, step.How == 0 ? _queues : queues[..(1 + (step.Which / 3))], 1 + step.How, 1 + (step.Which % 2), step.Lost);
    }

    async Task ClaimAsync(Executor who, string[] queues, int count, int most, bool lost)
    {
        _told.Add($"{who} claims {count}, {most} of each of {string.Join(", ", queues)}{Suffix(lost)}");
        var claimed = (await store.Queue.ClaimAsync(new([.. queues.Select(queue => new QueueLimit(queue, most))], count), default)).Jobs;
        var rows = _model.Claim(queues, count, most);
        Expect("claimed", Names(claimed.Select(job => $"job {job.JobId} of {job.Queue}")), Names(rows.Select(row => $"{row.Job} of {row.Queue}")));
        foreach (var (job, row) in claimed.Zip(rows))
        {
            Expect($"the claimed state of {row.Job}", job.StateName, row.Job.Current.Name);
            Learn(row.Job, row.Job.Current, job.StateId);
            CompareParameters(row.Job, job.Parameters);
            row.Holder!.Real = job.Claim;
            if (!lost)
                who.Claims.Add(row.Holder);
        }

        _told[^1] += $": {Names(rows.Select(row => row.Job))}";
    }

    /// <returns>False when there was nothing to write.</returns>
    async Task<bool> WriteAsync(Executor who, ModelClaim[] claims, Func<int, int> how, bool lost)
    {
        who.Write([.. claims.Select((claim, i) => Change(who, claim, how(i) % 5))]);
        await SendAsync(who, "writes", lost);
        return claims.Length > 0;
    }

    Task RepeatAsync(Executor who, bool lost) => SendAsync(who, "repeats", lost);

    async Task SendAsync(Executor who, string verb, bool lost)
    {
        var changes = who.Last;
        _told.Add($"{who} {verb} {Names(changes.Select(change => $"{string.Join(", ", change.States.Select(state => state.Name))} of {change.Job}"))}{Suffix(lost)}");
        var taken = await store.Queue.ApplyAsync([.. changes.Select(Real)], default);
        ModelState?[] current = [.. changes.Select(_model.Apply)];
        Expect("taken", Names(taken.Select(id => id is not null)), Names(current.Select(state => state is not null)));
        // Only now: a later change of the same job in the same batch has another current state.
        foreach (var (i, change) in changes.Index())
        {
            if (current[i] is { } state)
                Learn(change.Job, state, taken[i]!.Value);
        }

        _told[^1] += current.Length == 0 ? "" : $": {Names(current.Select(state => state is null ? "refused" : "taken"))}";
        if (!lost)
            who.Answer(current);
    }

    Task RenewAsync(Executor who)
    {
        _told.Add($"{who} renews {Names(who.Claims.Select(claim => claim.Job))}");
        var lost = store.Queue.Renew([.. who.Claims.Select(Lease)]);
        var expected = who.Claims.Where(claim => !_model.Renew(claim)).Select(claim => claim.Real);
        Expect("lost", Names(lost.OrderBy(claim => claim.QueueRowId)), Names(expected.OrderBy(claim => claim.QueueRowId)));
        return Task.CompletedTask;
    }

    Task DropAsync(Executor who, ModelClaim[] claims) => GiveAsync(
        who, claims, "drops", _ => store.Queue.DropAsync([.. claims.Select(Lease)], default), _model.Drop);

    // Such an answer tells nothing: whether it arrives does not matter.
    async Task GiveAsync(Executor who, ModelClaim[] claims, string verb, Func<Claim[], Task> give, Action<ModelClaim> model)
    {
        _told.Add($"{who} {verb} {Names(claims.Select(claim => claim.Job))}");
        await give([.. claims.Select(claim => claim.Real)]);
        // The newest first: all of them at once stop being held, and what stays is what came last.
        foreach (var claim in claims.OrderByDescending(claim => _model.Rows.IndexOf(claim.Row)))
            model(claim);
        who.Claims.RemoveAll(claims.Contains);
    }

    Task Die(Executor who)
    {
        _told.Add($"{who} dies");
        who.Die();
        return Task.CompletedTask;
    }

    Task Announce(Executor who)
    {
        _told.Add($"{who} says that it lives");
        store.Servers.Announce(new(who.Server, ["default"], 4, now(), now()) { Sandboxes = new("none", 0, 0, 1) }, ModelStore.Gap);
        _model.Announce(who.Server);
        return Task.CompletedTask;
    }

    /// <summary>Time passes in which it is heard without a gap.</summary>
    async Task LiveAsync(Executor who)
    {
        for (var i = 0; i < 3; i++)
        {
            await Announce(who);
            await PassAsync(_times[0]);
        }
    }

    static Rescuer? Rescuer(Executor? who) =>
        who is null ? null : new(who.Server, ModelStore.Gap, [.. who.Claims.Select(claim => claim.Real)]);

    // One, or all.
    static ModelClaim[] ClaimsOf(Executor who, Step step) =>
        who.Claims.Count == 0 ? [] : step.Which == 5 ? [.. who.Claims] : [who.Claims[step.Which % who.Claims.Count]];

    ModelChange Change(Executor who, ModelClaim claim, int how)
    {
        var number = ++_numbers;
        JobState[] mark = claim.IsMarked && how != Mark ? [] : [JobState.Processing(who.Server, $"run {number:00000}", now())];
        var failed = JobState.Failed(now(), new("System.Exception", $"boom {number}", "at Shop"), who.Server);
        var reason = $"{StateReasons.RetryPrefix} 1 of 10: boom {number}";
        JobState[] end = how switch
        {
            Succeed => [JobState.Succeeded(now(), TimeSpan.Zero, TimeSpan.FromMilliseconds(number), $"{number}")],
            RetryLater => [failed, Scheduled(number % 5, reason)],
            RetryNow => [failed, JobState.Enqueued("default", now(), reason)],
            Fail => [failed],
            _ => [],
        };
        return new(claim, [.. mark, .. end], how is RetryLater or RetryNow ? claim.Job.Retries + 1 : null);
    }

    static StateChange Real(ModelChange change) => new(
        change.Job.Id, change.Seen.Id!.Value, change.Seen.Name, change.States, change.Job.OwnQueue, change.Claim.Real,
        change.Retries is { } retries ? new Dictionary<string, string?> { ["RetryCount"] = $"{retries}" } : null, new RetentionRule(new()).Of(change.States[^1], (JobPolicy?)null));

    static Lease Lease(ModelClaim claim) => new(claim.Job.Id, claim.Real, claim.Seen.Id!.Value);

    static string Suffix(bool lost) => lost ? ", and the answer is lost" : "";
}
