using System.Collections;

namespace JobRunner.Storage;

/// <summary>What became of changes: for each the id of the job's new current state row, or null when it did not take.</summary>
/// <param name="stateIds">One for each change.</param>
/// <param name="busy">The places of those changes that were not even tried.</param>
#pragma warning disable CA1710 // It is a list of results; "Collection" in its name would say less.
public sealed class AppliedChanges(IReadOnlyList<long?> stateIds, IReadOnlySet<int>? busy = null) : IReadOnlyList<long?>
#pragma warning restore CA1710
{
    /// <inheritdoc/>
    public long? this[int index] => stateIds[index];

    /// <inheritdoc/>
    public int Count => stateIds.Count;

    /// <summary>The places of those changes that were not even tried, because somebody else (a Hangfire server or client) is
    /// changing the job at this moment. Nothing of theirs was written, a claim that they name is still held: try them again
    /// a little later.</summary>
    public IReadOnlySet<int> Busy => busy ?? System.Collections.Frozen.FrozenSet<int>.Empty;

    /// <inheritdoc/>
    public IEnumerator<long?> GetEnumerator() => stateIds.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
