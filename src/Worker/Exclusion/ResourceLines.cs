namespace JobRunner.Worker;

/// <summary>
/// The lines of jobs that wait here, one for each resource. They share the room. A line takes no more jobs than there are free
/// places: so one that everybody waits for fills half of them, ten fill ten elevenths, and there is always room for a job of another resource. What a
/// line refuses stays in its queue. Thread-safe.
/// </summary>
/// <param name="most">How many jobs may wait in all of them.</param>
/// <param name="mostBytes">How many bytes their calls may have together, about.</param>
/// <param name="time">The clock.</param>
sealed class ResourceLines(int most, long mostBytes, TimeProvider time)
{
    readonly Lock _lock = new();
    readonly Dictionary<string, ResourceLine> _lines = new(StringComparer.Ordinal);
    int _count;
    int _full;
    long _bytes;
    bool _reopened;

    /// <summary>How many more jobs may wait.</summary>
    public int Room
    {
        get
        {
            lock (_lock)
                return Free;
        }
    }

    /// <summary>True while a line refuses jobs.</summary>
    public bool IsCrowded
    {
        get
        {
            lock (_lock)
                return _full > 0;
        }
    }

    int Free => _bytes >= mostBytes ? 0 : Math.Max(0, most - _count);

    /// <summary>True once after a line takes jobs again that it has refused.</summary>
    public bool TakesAgain()
    {
        lock (_lock)
        {
            var reopened = _reopened;
            _reopened = false;
            return reopened;
        }
    }

    /// <summary>False when the line is long already, or all have too many bytes. (Where only the number is too large, a claim is kept: no more follow.)</summary>
    public bool Takes(string resource)
    {
        lock (_lock)
        {
            if (_bytes >= mostBytes)
                return false;
            if (!_lines.TryGetValue(resource, out var line) || line.Count < Free || Free == 0)
                return true;
            if (!line.IsFull)
                _full++;
            line.Refuse();
            return false;
        }
    }

    /// <summary>True while the line refuses jobs.</summary>
    public bool IsFull(string resource)
    {
        lock (_lock)
            return _lines.TryGetValue(resource, out var line) && line.IsFull;
    }

    public void Add(LineEntry entry)
    {
        lock (_lock)
        {
            if (!_lines.TryGetValue(entry.Lock.Resource, out var line))
                _lines.Add(entry.Lock.Resource, line = new(time));
            line.Add(entry);
            _count++;
            _bytes += entry.Execution.PayloadBytes;
        }
    }

    /// <summary>Takes a job out of its line.</summary>
    /// <param name="entry">The job.</param>
    /// <param name="reopened">True when its line takes jobs again that it has refused.</param>
    /// <returns>False when it is there no more.</returns>
    public bool TryRemove(LineEntry entry, out bool reopened)
    {
        lock (_lock)
        {
            reopened = false;
            if (!_lines.TryGetValue(entry.Lock.Resource, out var line) || !line.Remove(entry))
                return false;
            _count--;
            _bytes -= entry.Execution.PayloadBytes;
            reopened = line.TryReopen();
            _full -= reopened ? 1 : 0;
            _reopened |= reopened;
            return true;
        }
    }

    /// <summary>Takes all away.</summary>
    public IReadOnlyList<Execution> Clear()
    {
        lock (_lock)
        {
            Execution[] waiting = [.. Entries.Select(entry => entry.Execution)];
            _lines.Clear();
            (_count, _full, _bytes) = (0, 0, 0);
            return waiting;
        }
    }

    /// <summary>All that wait, and of them those whose locks are to be asked for.</summary>
    public (LineEntry[] Waiting, LineEntry[] Next) Look()
    {
        lock (_lock)
        {
            foreach (var (resource, line) in _lines)
            {
                if (line.IsIdle)
                    _lines.Remove(resource);
            }

            return ([.. Entries], [.. _lines.Values.Select(line => line.Next()).OfType<LineEntry>()]);
        }
    }

    /// <summary>How long it is until the time of a job is over, but no longer than so long; for ever when none waits.</summary>
    public TimeSpan RestWithin(TimeSpan most)
    {
        lock (_lock)
        {
            if (_count == 0)
                return Timeout.InfiniteTimeSpan;
            var soonest = _lines.Values.Min(line => line.Rest) ?? most;
            return soonest < TimeSpan.Zero ? TimeSpan.Zero : soonest < most ? soonest : most;
        }
    }

    /// <summary>Tells a line what has become of its resource, if it is there.</summary>
    public void Tell(string resource, Action<ResourceLine> what)
    {
        lock (_lock)
        {
            if (_lines.TryGetValue(resource, out var line))
                what(line);
        }
    }

    IEnumerable<LineEntry> Entries => _lines.Values.SelectMany(line => line.Entries);
}
