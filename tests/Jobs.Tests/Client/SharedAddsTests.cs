using System.Diagnostics;
using System.Reflection;
using JobRunner.InMemory;
using JobRunner.Storage;

namespace JobRunner.Jobs.Tests.Client;

/// <summary>Single adds share a batch, and nothing else: what flows with one caller is not seen by the batch.</summary>
public sealed class SharedAddsTests
{
    static readonly AsyncLocal<string?> _ambient = new();

    [Fact(Timeout = 30_000)]
    public async Task What_flows_with_a_caller_does_not_flow_with_the_batch()
    {
        var actions = DispatchProxy.Create<IJobActions, HeldActions>();
        var held = (HeldActions)actions;
        var adds = new SharedAdds(actions.AddAsync);

        _ambient.Value = "the first caller's";
        using var activity = new Activity("request").Start();
        var first = adds.AddAsync(NewJob(), default);
        await held.Begun.WaitAsync();
        _ambient.Value = "the second caller's";
        var second = adds.AddAsync(NewJob(), default);
        held.Go.Release(2);
        await Task.WhenAll(first, second);

        held.Seen.ShouldBe([(null, null), (null, null)], "neither the batch of one, nor the one that followed it");
    }

    static NewJob NewJob() => new(
        new Invocation("Shop.Job, Shop", "Run", [], []), JobState.Enqueued("default", TimeProvider.System.GetUtcNow()), new Dictionary<string, string?>());

#pragma warning disable CA1852 // DispatchProxy makes a type that derives from it.
    class HeldActions : DispatchProxy
    {
        readonly InMemoryJobStore _store = new(TimeProvider.System);

        public SemaphoreSlim Begun { get; } = new(0);

        public SemaphoreSlim Go { get; } = new(0);

        public List<(string?, Activity?)> Seen { get; } = [];

        protected override object? Invoke(MethodInfo? method, object?[]? arguments) => AddAsync((IEnumerable<NewJob>)arguments![0]!);

        async Task<IReadOnlyList<long>> AddAsync(IEnumerable<NewJob> jobs)
        {
            Seen.Add((_ambient.Value, Activity.Current));
            Begun.Release();
            await Go.WaitAsync();
            return await _store.Actions.AddAsync(jobs, default);
        }
    }
#pragma warning restore CA1852
}
