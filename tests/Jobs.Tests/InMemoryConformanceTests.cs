using JobRunner.InMemory;
using JobRunner.Storage;
using JobRunner.TestSupport;

namespace JobRunner.Jobs.Tests;

public sealed class InMemoryConformanceTests : JobStoreConformance
{
    readonly MovableTime _time = new();

    protected override DateTimeOffset Now => _time.GetUtcNow();

    protected override Task<IJobStore> CreateAsync() => Task.FromResult<IJobStore>(new InMemoryJobStore(_time, history: 1000));

    protected override Task PassTimeAsync(TimeSpan time)
    {
        _time.Offset += time;
        return Task.CompletedTask;
    }
}
