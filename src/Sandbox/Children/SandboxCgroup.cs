using System.Globalization;

namespace JobRunner.Sandbox;

/// <summary>The cgroup of one sandbox and of all that its jobs start.</summary>
sealed class SandboxCgroup(string directory)
{
    // The kernel removes a group only once the processes that it kills have gone.
    const int MaxTries = 100;
    static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(10);

    long _limit;
    long _lastPeak;
    bool _ranOut;

    /// <summary>The most bytes that it has held since its start.</summary>
    public long Peak => _lastPeak = Math.Max(_lastPeak, Number("memory.peak"));

    /// <summary>True when the kernel has killed it, or something in it, for its memory.</summary>
    public bool RanOutOfMemory => _ranOut |= Read(directory, "memory.events").Split('\n').Any(line =>
        line.StartsWith("oom_kill ", StringComparison.Ordinal) && line != "oom_kill 0");

    /// <summary>Makes one with a process in it.</summary>
    public static SandboxCgroup Create(string directory, int processId)
    {
        Directory.CreateDirectory(directory);
        File.WriteAllText(Path.Combine(directory, "cgroup.procs"), processId.ToString(CultureInfo.InvariantCulture));
        TryWrite(directory, "memory.swap.max", "0");
        TryWrite(directory, "memory.oom.group", "1"); // a job without one of its processes would fail without a reason
        return new(directory);
    }

    /// <summary>Bounds its memory from now on; 0 for no limit.</summary>
    public void Limit(long memory)
    {
        if (memory == _limit)
            return;
        _limit = memory;
        TryWrite(directory, "memory.max", memory == 0 ? "max" : memory.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Kills all that is in it.</summary>
    public void Kill() => TryWrite(directory, "cgroup.kill", "1");

    /// <summary>Kills all that is in it, and removes it; what it tells is kept.</summary>
    public async Task RemoveAsync(TimeProvider time)
    {
        _ = (Peak, RanOutOfMemory);
        for (var tries = 0; tries < MaxTries && !TryEnd(directory); tries++)
            await Task.Delay(_pause, time);
    }

    /// <summary>Kills all that is in a group and below it, and removes what is empty by now. False when something is left.</summary>
    public static bool TryEnd(string directory)
    {
        TryWrite(directory, "cgroup.kill", "1");
        return TryRemove(directory);
    }

    public static void TryWrite(string directory, string file, string value)
    {
        try
        {
            File.WriteAllText(Path.Combine(directory, file), value);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // this kernel does not have it, or the group has gone
        }
    }

    static bool TryRemove(string directory)
    {
        try
        {
            foreach (var below in Directory.Exists(directory) ? Directory.GetDirectories(directory) : [])
                TryRemove(below);
            Directory.Delete(directory);
            return true;
        }
        catch (DirectoryNotFoundException)
        {
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    long Number(string file) => long.TryParse(Read(directory, file), CultureInfo.InvariantCulture, out var number) ? number : 0;

    static string Read(string directory, string file)
    {
        try
        {
            return File.ReadAllText(Path.Combine(directory, file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
