using JobRunner.Worker.Tests;
using Xunit.Abstractions;

// Most of these tests wait: for a lease that runs out, a worker that ends. One more than there are processors keeps two of them busy.
[assembly: CollectionBehavior(MaxParallelThreads = 3)]
[assembly: TestCollectionOrderer("JobRunner.Worker.Tests." + nameof(LongestFirst), "Worker.Tests")]

namespace JobRunner.Worker.Tests;

/// <summary>The class that takes longest begins first, so that the others run beside it and nothing is left for the end.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderBy(collection => !collection.DisplayName.Contains(nameof(PublishedTests), StringComparison.Ordinal));
}
