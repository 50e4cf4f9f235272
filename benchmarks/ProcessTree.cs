using System.Globalization;

namespace JobRunner.Benchmarks;

/// <summary>Processor time of a process, its children, and those children that have ended.</summary>
static class ProcessTree
{
    const int TicksPerSecond = 100; // of the times in /proc, on every Linux there is

    public static TimeSpan? CpuOf(int root)
    {
        if (!OperatingSystem.IsLinux())
            return null;
        var all = Directory.EnumerateDirectories("/proc").Select(folder => Path.GetFileName(folder))
            .Where(name => int.TryParse(name, CultureInfo.InvariantCulture, out _)).Select(Read).OfType<Times>();
        var ticks = all.Sum(process => process.Id == root ? process.Own + process.WaitedFor : process.Parent == root ? process.Own : 0);
        return TimeSpan.FromSeconds((double)ticks / TicksPerSecond);
    }

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
