using JobRunner.Storage;

namespace JobRunner.Worker;

/// <summary>
/// Methods whose jobs a claim has met although it had no use for them: their place was full, or nobody here knows their type. Each is given back
/// once, and from then on claims for others are told to leave its kind in the queue.
/// </summary>
/// <remarks>Used by the claimer alone. Whoever can write to the store could think up ever more methods, so what is known is bounded.</remarks>
sealed class KnownMethods(bool queuesMatter)
{
    const int Most = 10_000;

    readonly Dictionary<(string Queue, string Method), (IPlace? Place, string? Resource)> _places = [];
    readonly Dictionary<(string Queue, string Group), (int Version, MethodSet Set)> _sets = [];
    int _version;

    /// <summary>Notes where jobs of a method go that come from a queue.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="method">The method.</param>
    /// <param name="place">Where its jobs go first; null for nowhere here.</param>
    /// <param name="resource">What all its jobs exclude each other from, if it is the same for all.</param>
    public void Add(string queue, string method, IPlace? place, string? resource = null)
    {
        if (_places.Count >= Most)
            _places.Clear();
        if (_places.TryAdd((KeyOf(queue), method), (place, resource)))
            _version++;
    }

    /// <summary>What is to be left may have changed for reasons of a group's own.</summary>
    public void Changed() => _version++;

    /// <summary>What a claim from a queue leaves, when it has no use for jobs of some places.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="group">Who claims, by name: its sets follow one another.</param>
    /// <param name="leaves">True for places, and resources of methods, whose jobs are left.</param>
    public MethodSet Except(string queue, string group, Func<IPlace, string?, bool> leaves)
    {
        var key = (KeyOf(queue), group);
        var (version, set) = _sets.GetValueOrDefault(key, (-1, MethodSet.Empty));
        if (version == _version)
            return set;
        set = set.Next([.. _places.Where(known => known.Key.Queue == key.Item1 && (known.Value.Place is not { } place || leaves(place, known.Value.Resource))).Select(known => known.Key.Method)]);
        _sets[key] = (_version, set);
        return set;
    }

    // Where no rule names a queue, all queues share one set.
    string KeyOf(string queue) => queuesMatter ? queue : "";
}
