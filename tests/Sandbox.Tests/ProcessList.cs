using System.Globalization;

namespace JobRunner.Sandbox.Tests;

/// <summary>The processes of this machine.</summary>
static class ProcessList
{
    /// <summary>Those whose environment has an entry that starts so.</summary>
    public static List<int> WithVariable(string start) => Directory.GetDirectories("/proc")
        .Where(directory => Read($"{directory}/environ").Split('\0').Any(entry => entry.StartsWith(start, StringComparison.Ordinal)))
        .Select(directory => int.TryParse(Path.GetFileName(directory), CultureInfo.InvariantCulture, out var id) ? id : 0).Where(id => id > 0).ToList();

    /// <summary>How many have a command line that begins so.</summary>
    public static int Count(string command) =>
        Directory.GetDirectories("/proc").Count(directory => Read($"{directory}/cmdline").Replace('\0', ' ').StartsWith(command, StringComparison.Ordinal));

    public static string Describe(int process) => $"{process} {Read($"/proc/{process}/cmdline").Replace('\0', ' ')}";

    /// <summary>True while it runs; a zombie does not.</summary>
    public static bool Runs(int process) => Read($"/proc/{process}/stat") is { Length: > 0 } stat && !stat.Contains(") Z ", StringComparison.Ordinal);

    static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
