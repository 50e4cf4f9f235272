namespace JobRunner.Chaos;

/// <summary>What /proc tells.</summary>
static class Processes
{
    public static IReadOnlyList<int> All => [.. Directory.EnumerateDirectories("/proc")
        .Select(directory => int.TryParse(Path.GetFileName(directory), out var id) ? id : 0).Where(id => id > 0)];

    public static IEnumerable<int> ChildrenOf(int process) => All.Where(id => ParentOf(id) == process);

    public static string? CommandOf(int process) => Read(process, "cmdline")?.Replace('\0', ' ');

    /// <summary>Null also when it is not ours to read.</summary>
    public static string? EnvironmentOf(int process) => Read(process, "environ");

    public static int? DescriptorsOf(int process)
    {
        try
        {
            return Directory.GetFileSystemEntries($"/proc/{process}/fd").Length;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    // The name, which may contain anything, ends at the last bracket.
    static int? ParentOf(int process) => Read(process, "stat") is { } stat && stat.LastIndexOf(')') is var end && end > 0
        ? int.Parse(stat[(end + 2)..].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture) : null;

    static string? Read(int process, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/{file}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
