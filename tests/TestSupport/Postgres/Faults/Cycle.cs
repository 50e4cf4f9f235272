namespace JobRunner.TestSupport;

/// <summary>What a client sends until it waits for ReadyForQuery, and the server's answer to it.</summary>
sealed class Cycle
{
    /// <summary>The first cut that one of its statements fits; null for nearly all.</summary>
    public Cut? Cut { get; set; }

    /// <summary>True once the server has told of an error in it.</summary>
    public bool HasFailed { get; set; }

    public void Clear() => (Cut, HasFailed) = (null, false);
}

/// <summary>The cycles of a connection that were begun and are not answered yet: both directions work on them at the same time.</summary>
sealed class Cycles
{
    readonly Lock _lock = new();
    readonly Queue<Cycle> _begun = new();
    readonly Stack<Cycle> _free = new();
    Cycle? _open;

    /// <summary>The one that the client is sending; it is among the begun ones before the server can see any of it.</summary>
    public Cycle Open()
    {
        lock (_lock)
        {
            if (_open is null)
                _begun.Enqueue(_open = _free.TryPop(out var free) ? free : new());
            return _open;
        }
    }

    public void Close()
    {
        lock (_lock)
            _open = null;
    }

    /// <summary>The one that the server is answering; null when it speaks unasked.</summary>
    public Cycle? Answered
    {
        get
        {
            lock (_lock)
                return _begun.TryPeek(out var first) ? first : null;
        }
    }

    public void Forget(Cycle answered)
    {
        lock (_lock)
        {
            if (!_begun.TryPeek(out var first) || first != answered)
                return;
            _begun.Dequeue();
            answered.Clear();
            _free.Push(answered);
        }
    }
}
