using JobRunner.Worker.Tests;
using Xunit.Abstractions;

// Most of these tests wait: for a lease that runs out, a worker that ends. One more than there are processors keeps two of them busy.
[assembly: CollectionBehavior(MaxParallelThreads = 3)]
[assembly: TestCollectionOrderer("JobRunner.Worker.Tests." + nameof(LongestFirst), "Worker.Tests")]

namespace JobRunner.Worker.Tests;

/// <summary>The classes that take longest begin first, so that the others run beside them and nothing is left for the end.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    static readonly string[] _longest = [nameof(PublishedTests), nameof(BenchmarksTests), nameof(Faults.OutageTests)];

    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderBy(collection => Array.FindIndex(_longest, name => collection.DisplayName.Contains(name, StringComparison.Ordinal)) is >= 0 and var place
            ? place : _longest.Length);
}
