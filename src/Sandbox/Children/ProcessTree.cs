using System.Globalization;

namespace JobRunner.Sandbox;

/// <summary>Memory and processor time of a process and of those that it has started, read from /proc.</summary>
static class ProcessTree
{
    // Of stat, counted from the state on, which follows the name in parentheses.
    const int UserTime = 11;
    const int SystemTime = 12;
    const int ReapedUserTime = 13;
    const int ReapedSystemTime = 14;
    const int ResidentPages = 21;
    const int TicksPerSecond = 100; // what /proc counts in, on every architecture that .NET runs on

    /// <summary>What one process uses.</summary>
    /// <param name="Memory">Its resident bytes.</param>
    /// <param name="Cpu">Its processor time since its start.</param>
    /// <param name="ReapedCpu">That of its children that have ended.</param>
    public readonly record struct Use(long Memory, TimeSpan Cpu, TimeSpan ReapedCpu);

    /// <summary>What the process itself uses; nothing when it is gone.</summary>
    public static Use Of(int pid)
    {
        if (Read($"/proc/{pid}/stat") is not { Length: > 0 } stat)
            return default;
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return new(Number(fields[ResidentPages]) * Environment.SystemPageSize,
            Ticks(fields[UserTime], fields[SystemTime]), Ticks(fields[ReapedUserTime], fields[ReapedSystemTime]));
    }

    /// <summary>What the processes below it use together. Those that detached themselves are not found here.</summary>
    public static Use Below(int pid)
    {
        var sum = default(Use);
        foreach (var child in ChildrenOf(pid))
        {
            var (own, below) = (Of(child), Below(child));
            sum = new(sum.Memory + own.Memory + below.Memory, sum.Cpu + own.Cpu + own.ReapedCpu + below.Cpu, default);
        }

        return sum;
    }

    /// <summary>The bytes of private writable memory that a process has, which is what RLIMIT_DATA counts, and those of them that it
    /// has not touched, for the most part stacks of threads.</summary>
    public static (long All, long Untouched) PrivateMemory(int pid)
    {
        if (Read($"/proc/{pid}/statm")?.Split(' ') is not [_, var resident, var shared, _, _, var data, ..])
            return default;
        var untouched = Number(data) - Number(resident) + Number(shared);
        return (Number(data) * Environment.SystemPageSize, Math.Max(0, untouched) * Environment.SystemPageSize);
    }

    /// <summary>Those that it has started and that live.</summary>
    public static IEnumerable<int> ChildrenOf(int pid)
    {
        string[] threads;
        try
        {
            threads = Directory.GetDirectories($"/proc/{pid}/task");
        }
        catch (IOException)
        {
            yield break;
        }

        foreach (var thread in threads)
            foreach (var child in (Read($"{thread}/children") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries))
                yield return (int)Number(child);
    }

    static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // it has ended
        }
    }

    static TimeSpan Ticks(string user, string system) => TimeSpan.FromSeconds((double)(Number(user) + Number(system)) / TicksPerSecond);

    static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
