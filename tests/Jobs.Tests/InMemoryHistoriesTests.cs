using JobRunner.InMemory;
using JobRunner.Storage;
using JobRunner.TestSupport;
using Xunit.Abstractions;

namespace JobRunner.Jobs.Tests;

public sealed class InMemoryHistoriesTests(ITestOutputHelper output) : StoreHistories(output)
{
    readonly MovableTime _time = new();

    protected override int Count => 5000;

    protected override DateTimeOffset Now => _time.GetUtcNow();

    protected override Task<IJobStore> CreateAsync()
    {
        _time.Offset = TimeSpan.Zero;
        return Task.FromResult<IJobStore>(new InMemoryJobStore(_time));
    }

    protected override Task PassTimeAsync(TimeSpan time)
    {
        _time.Offset += time;
        return Task.CompletedTask;
    }
}
