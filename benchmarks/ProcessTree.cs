using System.Globalization;

namespace JobRunner.Benchmarks;

/// <summary>What a process and its children take.</summary>
static class ProcessTree
{
    const int TicksPerSecond = 100; // of the times in /proc, on every Linux there is

    /// <summary>Processor time, also of those children that have ended.</summary>
    public static TimeSpan? CpuOf(int root)
    {
        if (!OperatingSystem.IsLinux())
            return null;
        var ticks = All().Sum(process => process.Id == root ? process.Own + process.WaitedFor : process.Parent == root ? process.Own : 0);
        return TimeSpan.FromSeconds((double)ticks / TicksPerSecond);
    }

    /// <summary>Resident memory of the children together, in MiB.</summary>
    public static double RssOfChildren(int root) =>
        All().Where(process => process.Parent == root).Sum(process => MemoryOf(process.Id, "VmRSS:"));

    /// <summary>A line of a process's status that tells memory, in MiB; 0 when the process has ended.</summary>
    public static double MemoryOf(int process, string line)
    {
        try
        {
            var found = File.ReadLines($"/proc/{process}/status").FirstOrDefault(text => text.StartsWith(line, StringComparison.Ordinal));
            return found is null ? 0 : int.Parse(found[line.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) / 1024.0;
        }
        catch (IOException)
        {
            return 0;
        }
    }

    static IEnumerable<Times> All() => Directory.EnumerateDirectories("/proc").Select(folder => Path.GetFileName(folder))
        .Where(name => int.TryParse(name, CultureInfo.InvariantCulture, out _)).Select(Read).OfType<Times>();

    static Times? Read(string id)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{id}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' '); // a name may contain anything
            return new(int.Parse(id, CultureInfo.InvariantCulture), (int)Number(1), Number(11) + Number(12), Number(13) + Number(14));

            long Number(int field) => long.Parse(fields[field], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return null; // it has ended meanwhile
        }
    }

    sealed record Times(int Id, int Parent, long Own, long WaitedFor);
}
