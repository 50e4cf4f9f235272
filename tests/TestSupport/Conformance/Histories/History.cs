using System.Globalization;
using JobRunner.Storage;

namespace JobRunner.TestSupport;

/// <summary>Runs one history on a store and on the model at once: each answer of the store must be the model's, and in the end each
/// job. One file for what executors do, and one for the comparing.</summary>
sealed partial class History(IJobStore store, Func<TimeSpan, Task> passTime, Func<DateTimeOffset> now)
{
    // All are multiples of 7 minutes, of which each limit is far: 5 minutes until a server is forgotten, 10 of a gap, 17 of silence,
    // 30 of invisibility, 24 hours until a job expires; and the instants at which jobs are due (Scheduled).
    static readonly TimeSpan[] _times = [TimeSpan.FromMinutes(7), TimeSpan.FromMinutes(14), TimeSpan.FromMinutes(21), TimeSpan.FromMinutes(26 * 60 + 1)];

    static readonly string[] _queues = ["default", "low", "critical"];

    readonly ModelStore _model = new();
    readonly Executor[] _executors = [new("ann"), new("bob"), new("cid")];
    readonly List<string> _told = [];
    int _numbers;
    int _scheduled;

    /// <summary>What happened, a line for each step.</summary>
    public string Told => string.Join('\n', _told.Select((line, i) => $"{i + 1,3}. {line}"));

    /// <exception cref="HistoryException">The store did something else than the model.</exception>
    public async Task RunAsync(IEnumerable<Step> steps)
    {
        foreach (var step in steps)
        {
            await RunAsync(step);
            if (_model.Fault() is { } fault)
                throw new HistoryException($"The model itself is wrong: {fault}.");
        }

        await CompareAsync();
        await FinishAsync();
        await CompareAsync();
    }

    Task RunAsync(Step step)
    {
        var who = _executors[step.Who % _executors.Length];
        if (who.IsUnanswered && step.Act is Act.Claim or Act.Mark or Act.End or Act.Write or Act.Release or Act.Drop)
            return RepeatAsync(who, step.Lost);
        return step.Act switch
        {
            Act.Add => AddAsync(step),
            Act.Claim => ClaimAsync(who, step),
            Act.Mark => WriteAsync(who, ClaimsOf(who, step), _ => Mark, step.Lost),
            Act.End => WriteAsync(who, ClaimsOf(who, step), _ => step.How, step.Lost),
            Act.Write => WriteAsync(who, [.. who.Claims], i => i + step.How, step.Lost),
            Act.Repeat => RepeatAsync(who, step.Lost),
            Act.Renew => RenewAsync(who),
            Act.Release => GiveAsync(who, ClaimsOf(who, step), "releases", claims => store.Queue.ReleaseAsync(claims, default), claim => _model.Release(claim)),
            Act.Drop => DropAsync(who, ClaimsOf(who, step)),
            Act.Die => Die(who),
            Act.Announce => Announce(who),
            Act.Live => LiveAsync(who),
            Act.Pass => PassAsync(_times[step.How % _times.Length]),
            Act.Rescue => RescueAsync(step.How is 0 or 4 ? null : who, step.How != 3),
            Act.Requeue => RequeueAsync(Some(step)),
            Act.Delete => DeleteAsync(Some(step)),
            Act.Due => DueAsync(step.How == 0 ? 1 : 1000),
            Act.Orphans => OrphansAsync(step.How % 2 == 0 ? null : who),
            _ => ExpireAsync(),
        };
    }

    async Task AddAsync(Step step)
    {
        var queue = _queues[step.How % 3];
        var own = step.Which == 0 ? "critical" : null;
        var state = step.Which == 1 ? Scheduled(step.How, null) : JobState.Enqueued(queue, now());
        var call = new Invocation("Shop.Contracts.StaticJobs, Shop.Contracts", "Ping", [], [], own);
        var id = (await store.Actions.AddAsync([new(call, state, new Dictionary<string, string?>())], default))[0];
        _model.Add(new(id, own), state);
        _told.Add($"somebody adds job {id}, {state.Name}{(state.Name == JobStates.Enqueued ? $" in {queue}" : "")}{(own is null ? "" : $", of queue {own}")}");
    }

    async Task PassAsync(TimeSpan time)
    {
        _told.Add($"{time} pass");
        await passTime(time);
        _model.Now += time;
    }

    // Who has just been heard is the one to rescue; one of whom nothing was heard may ask as well.
    async Task RescueAsync(Executor? who, bool heard)
    {
        if (who is not null && heard)
            await Announce(who);
        _told.Add(who is null ? "somebody rescues" : $"{who} rescues, but not its own");
        var own = who?.Claims ?? [];
        Expect("rescued", await store.Maintenance.RescueAsync(ModelStore.Silence, Rescuer(who), default), _model.Rescue(who?.Server, own));
    }

    async Task RequeueAsync(ModelJob[] jobs)
    {
        _told.Add($"somebody requeues {Names(jobs)}");
        var reason = $"requeue {++_numbers}";
        Expect("requeued", await store.Actions.RequeueAsync([.. jobs.Select(job => job.Id)], reason, default),
            _model.Requeue(jobs, JobState.Enqueued("default", now(), reason)));
    }

    async Task DeleteAsync(ModelJob[] jobs)
    {
        _told.Add($"somebody deletes {Names(jobs)}");
        var reason = $"delete {++_numbers}";
        Expect("deleted", await store.Actions.DeleteAsync([.. jobs.Select(job => job.Id)], reason, default), _model.Delete(jobs, JobState.Deleted(now(), reason)));
    }

    async Task DueAsync(int count)
    {
        _told.Add($"of the jobs that are due, {count} are enqueued");
        Expect("due", await store.Maintenance.EnqueueDueAsync(count, default),
            _model.EnqueueDue(count, JobState.Enqueued("default", now(), StateReasons.Due)));
    }

    async Task OrphansAsync(Executor? who)
    {
        _told.Add($"{who?.ToString() ?? "somebody"} looks for orphans");
        Expect("orphans", await store.Maintenance.RescueOrphansAsync(TimeSpan.Zero, Rescuer(who), default), 0);
    }

    async Task ExpireAsync()
    {
        _told.Add("what has expired goes");
        Expect("expired", await store.Maintenance.ExpireAsync(1000, default), _model.Expire());
    }

    /// <summary>Everybody has died, and one comes who runs all that is left: no job may be stuck.</summary>
    async Task FinishAsync()
    {
        foreach (var executor in _executors)
            await Die(executor);
        await PassAsync(TimeSpan.FromMinutes(35));
        await OrphansAsync(null);
        await RescueAsync(null, false);
        await DueAsync(1000);
        do
            await ClaimAsync(_executors[0], _queues, 1000, 1000, false);
        while (await WriteAsync(_executors[0], [.. _executors[0].Claims], _ => Succeed, false));
        if (_model.Present.FirstOrDefault(job => job.Current.Name is not (JobStates.Succeeded or JobStates.Deleted or JobStates.Failed)) is { } stuck)
            throw new HistoryException($"In the end {stuck} is {stuck.Current.Name}.");
    }

    // Due 5 minutes ago, or up to 23 from now, and some seconds, by which no two are due at once.
    JobState Scheduled(int how, string? reason)
    {
        var at = now();
        return JobState.Scheduled(at + _times[0] * (how - 1) + TimeSpan.FromMinutes(2) + TimeSpan.FromSeconds(++_scheduled), at, reason);
    }

    ModelJob[] Some(Step step) => _model.Jobs.Count == 0 ? []
        : step.How == 1 ? [_model.Jobs[step.Which % _model.Jobs.Count], _model.Jobs[step.Who % _model.Jobs.Count]]
        : [_model.Jobs[step.Which % _model.Jobs.Count]];

    static string Names<T>(IEnumerable<T> things) => things.Any() ? string.Join(" and ", things) : "nothing";

    static void Expect<T>(string what, T store, T model)
    {
        if (!EqualityComparer<T>.Default.Equals(store, model))
            throw new HistoryException(string.Create(CultureInfo.InvariantCulture, $"{what}: the store says {store?.ToString() ?? "null"}, the model {model?.ToString() ?? "null"}."));
    }
}

/// <summary>A store and its model do not agree.</summary>
sealed class HistoryException(string message) : Exception(message);
