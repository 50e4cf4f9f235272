namespace JobRunner.Sandbox;

/// <summary>
/// What a sandbox uses, and what the job in it has used. A look costs little, but not nothing, so it is the pool's watchdog that
/// looks, ten times a second, and at the processes below only each fourth time.
/// </summary>
sealed class ResourceMeter(int processId, SandboxCgroup? group, TimeProvider time)
{
    const int LooksPerLookBelow = 4;

    readonly Lock _lock = new();
    long _startedAt;
    TimeSpan _ownAtStart, _belowAtStart, _own, _below;
    long _memoryBelow, _peak, _groupPeak;
    int _looks;

    /// <summary>The resident bytes at the last look, those below included.</summary>
    public long Memory { get; private set; }

    /// <summary>A job begins.</summary>
    public void Begin()
    {
        lock (_lock)
        {
            _startedAt = time.GetTimestamp();
            _own = _ownAtStart = OwnCpu();
            (_belowAtStart, _peak) = (_below, 0);
        }
    }

    /// <summary>Looks. A process that is gone has what it had at the last look.</summary>
    public void Look()
    {
        if (!OperatingSystem.IsLinux())
            return;
        var use = ProcessTree.Of(processId);
        if (use.Memory == 0)
            return;
        lock (_lock)
        {
            if (_looks++ % LooksPerLookBelow == 0)
            {
                var below = ProcessTree.Below(processId);
                _memoryBelow = below.Memory;
                _below = TimeSpan.FromTicks(Math.Max(_below.Ticks, (use.ReapedCpu + below.Cpu).Ticks));
            }

            _own = OwnCpu();
            Memory = use.Memory + _memoryBelow;
            _peak = Math.Max(_peak, Memory);
            LookAtPeak();
        }
    }

    /// <summary>What the job has used by now.</summary>
    public ResourceUse Use
    {
        get
        {
            lock (_lock)
            {
                _own = OwnCpu();
                return new(time.GetElapsedTime(_startedAt), _own - _ownAtStart + _below - _belowAtStart, _peak);
            }
        }
    }

    /// <summary>Looks at what only its group knows: a peak between two looks. It outlives the process.</summary>
    public void LookAtPeak()
    {
        if (group is null)
            return;
        lock (_lock)
        {
            if (group.Peak is var peak && peak > _groupPeak) // else it was an earlier job's
                (_groupPeak, _peak) = (peak, Math.Max(_peak, peak));
        }
    }

    TimeSpan OwnCpu() => OperatingSystem.IsLinux() && Libc.CpuTime(processId) is { } now && now > _own ? now : _own;
}
