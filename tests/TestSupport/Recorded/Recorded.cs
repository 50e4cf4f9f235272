using System.Text.Json;

namespace JobRunner.TestSupport;

/// <summary>Rows that the real Hangfire wrote (tests/recorded/README.md).</summary>
public static class Recorded
{
    public static IEnumerable<string> Scenarios { get; } =
        Directory.GetFiles(Repo.PathOf("tests", "recorded"), "*.json").Select(path => Path.GetFileNameWithoutExtension(path)!).Order(StringComparer.Ordinal).ToArray();

    /// <summary>The rows of one table; none when the scenario left it empty.</summary>
    public static IReadOnlyList<JsonElement> Rows(string scenario, string table)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Repo.PathOf("tests", "recorded", scenario + ".json")));
        return document.RootElement.GetProperty("tables").TryGetProperty(table, out var rows) ? [.. rows.EnumerateArray().Select(row => row.Clone())] : [];
    }

    /// <summary>The calls of a scenario's jobs, as stored.</summary>
    public static IReadOnlyList<Invocation> Calls(string scenario) =>
        [.. Rows(scenario, "job").Select(row => Invocation.Parse(row.GetProperty("invocationdata").GetRawText(), row.GetProperty("arguments").GetRawText()))];
}
