namespace JobRunner.Sandbox;

/// <summary>The first lines of a text and its last ones: a crashing runtime says what happened first, and where last.</summary>
sealed class CrashLines
{
    const int First = 5;
    const int Last = 20;

    readonly Lock _lock = new();
    readonly List<string> _first = [];
    readonly Queue<string> _last = new();
    int _left;

    public void Add(string line)
    {
        lock (_lock)
        {
            if (_first.Count < First)
            {
                _first.Add(line);
                return;
            }

            _last.Enqueue(line);
            if (_last.Count <= Last)
                return;
            _last.Dequeue();
            _left++;
        }
    }

    public void Clear()
    {
        lock (_lock)
        {
            _first.Clear();
            _last.Clear();
            _left = 0;
        }
    }

    /// <summary>What is kept, with a line in place of those left out.</summary>
    public IReadOnlyList<string> ToList()
    {
        lock (_lock)
            return _left == 0 ? [.. _first, .. _last] : [.. _first, $"... {_left:N0} lines ...", .. _last];
    }
}
