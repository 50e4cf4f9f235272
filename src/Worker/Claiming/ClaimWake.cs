namespace JobRunner.Worker;

/// <summary>What wakes the claimer: news from the store always, a freed place only while jobs are known to wait for one.</summary>
sealed class ClaimWake
{
    readonly AsyncAutoResetEvent _signal = new();
    volatile bool _wantsRoom;
    int _hasNews;
    int _wasFound;

    /// <summary>True while jobs wait in the store for a place here.</summary>
    public bool WantsRoom
    {
        get => _wantsRoom;
        set => _wantsRoom = value;
    }

    /// <summary>The store may have jobs.</summary>
    public void News()
    {
        Volatile.Write(ref _hasNews, 1);
        _signal.Set();
    }

    /// <summary>The store was seen to have jobs.</summary>
    public void Found()
    {
        Volatile.Write(ref _wasFound, 1);
        News();
    }

    /// <summary>True when jobs were seen since the last call.</summary>
    public bool TakeFound() => Interlocked.Exchange(ref _wasFound, 0) != 0;

    /// <summary>True when there was news since the last call.</summary>
    public bool TakeNews() => Interlocked.Exchange(ref _hasNews, 0) != 0;

    /// <summary>A place is free.</summary>
    public void Freed()
    {
        if (_wantsRoom)
            _signal.Set();
    }

    public Task PauseAsync(TimeSpan limit, CancellationToken stopping) => _signal.PauseAsync(limit, stopping);
}
