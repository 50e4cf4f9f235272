using System.Reflection;
using JobRunner.Storage;

namespace JobRunner.Dashboard.Tests.Support;

/// <summary>An empty store that counts how often it is asked for the numbers, and that can stop answering.</summary>
sealed class CountingStore
{
    int _counts;

    public CountingStore()
    {
        Proxy = DispatchProxy.Create<IJobStore, Answers>();
        ((Answers)(object)Proxy).Store = this;
    }

    public IJobStore Proxy { get; }

    public int Counts => Volatile.Read(ref _counts);

    public bool IsDown { get; set; }

    object? Answer(string method)
    {
        if (method == nameof(IJobStore.CountAsync))
            Interlocked.Increment(ref _counts);
        if (IsDown)
            throw new TimeoutException("The store does not answer.");
        return method switch
        {
            nameof(IJobStore.CountAsync) => Task.FromResult(
                new StoreCounts(JobStates.All.ToDictionary(s => s, _ => 0L), 0, 0, new Dictionary<string, long>())),
            nameof(IJobStore.ListAsync) => Task.FromResult<IReadOnlyList<JobSummary>>([]),
            nameof(IJobStore.ListServersAsync) => Task.FromResult<IReadOnlyList<ServerInfo>>([]),
            "get_Description" => "nothing",
            _ => Task.CompletedTask,
        };
    }

#pragma warning disable CA1852 // DispatchProxy makes a type that derives from it.
    class Answers : DispatchProxy
    {
        public CountingStore Store { get; set; } = null!;

        protected override object? Invoke(MethodInfo? method, object?[]? arguments) => Store.Answer(method!.Name);
    }
#pragma warning restore CA1852
}
