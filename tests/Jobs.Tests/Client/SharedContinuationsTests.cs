using System.Reflection;
using JobRunner.InMemory;
using JobRunner.Storage;

namespace JobRunner.Jobs.Tests.Client;

/// <summary>Concurrent adds for one parent rewrite its list a few times, and not once each.</summary>
public sealed class SharedContinuationsTests
{
    readonly InMemoryJobStore _store = new(TimeProvider.System);
    readonly CountedActions _counted;
    readonly SharedContinuations _adds;

    public SharedContinuationsTests()
    {
        var actions = DispatchProxy.Create<IJobActions, CountedActions>();
        _counted = (CountedActions)actions;
        _counted.Actions = _store.Actions;
        _adds = new(actions);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_thousand_concurrent_adds_for_one_parent_are_two_transactions()
    {
        var parent = (await _store.Actions.AddAsync([Job(JobState.Enqueued("default", Now))], default))[0];

        var first = _adds.AddAsync(parent, Waiting(parent), default);
        await _counted.Begun.WaitAsync();
        var others = Enumerable.Range(0, 999).Select(_ => _adds.AddAsync(parent, Waiting(parent), default)).ToArray();
        _counted.Go.Release(2);

        long[] ids = [await first, .. await Task.WhenAll(others)];
        _counted.Batches.ShouldBe([1, 999]);
        var listed = (await _store.Reader.GetAsync(parent, default))!.Parameters[Continuation.Parameter];
        Continuation.JobIds(listed).ShouldBe(ids);
    }

    [Fact(Timeout = 30_000)]
    public async Task Adds_for_one_parent_do_not_wait_for_those_of_another()
    {
        var parents = await _store.Actions.AddAsync([Job(JobState.Enqueued("default", Now)), Job(JobState.Enqueued("default", Now))], default);

        var both = parents.Select(parent => _adds.AddAsync(parent, Waiting(parent), default)).ToArray();
        await _counted.Begun.WaitAsync();
        await _counted.Begun.WaitAsync();
        _counted.Go.Release(2);

        await Task.WhenAll(both);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_parent_that_is_not_there_is_asked_for_once_and_all_are_told()
    {
        var first = _adds.AddAsync(77, Waiting(77), default);
        await _counted.Begun.WaitAsync();
        var others = Enumerable.Range(0, 50).Select(_ => _adds.AddAsync(77, Waiting(77), default)).ToArray();
        _counted.Go.Release(51);

        foreach (var add in others.Prepend(first))
            (await Should.ThrowAsync<KeyNotFoundException>(() => add)).Message.ShouldContain("77");
        _counted.Batches.ShouldBe([1, 50]);
    }

    static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    static NewJob Waiting(long parent) =>
        Job(JobState.Awaiting(parent, ContinuationOptions.OnlyOnSucceededState, AwaitingState.NextEnqueued(), Now));

    static NewJob Job(JobState state) => new(new Invocation("Shop.Job, Shop", "Run", [], []), state, new Dictionary<string, string?>());

#pragma warning disable CA1852 // DispatchProxy makes a type that derives from it.
    class CountedActions : DispatchProxy
    {
        public IJobActions Actions { get; set; } = null!;

        public SemaphoreSlim Begun { get; } = new(0);

        public SemaphoreSlim Go { get; } = new(0);

        public List<int> Batches { get; } = [];

        protected override object? Invoke(MethodInfo? method, object?[]? arguments) =>
            AddAsync((long)arguments![0]!, (IReadOnlyList<NewJob>)arguments[1]!);

        async Task<IReadOnlyList<long>> AddAsync(long parent, IReadOnlyList<NewJob> jobs)
        {
            lock (Batches)
                Batches.Add(jobs.Count);
            Begun.Release();
            await Go.WaitAsync();
            return await Actions.AddContinuationsAsync(parent, jobs, default);
        }
    }
#pragma warning restore CA1852
}
