using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using JobRunner.Storage;

namespace JobRunner.TestSupport;

/// <summary>Rows that the real Hangfire wrote (folder <c>tests/recorded</c>), and how ours are compared with them.</summary>
public sealed partial class Recording
{
    // What differs from run to run: ids and times. That a time is there at all is compared.
    static readonly string[] _ids = ["id", "jobid", "stateid"];
    static readonly string[] _times = ["createdat", "expireat", "fetchedat", "lastheartbeat"];

    readonly JsonNode _tables;

    public Recording(string name) =>
        _tables = JsonNode.Parse(File.ReadAllText(Repo.PathOf("tests", "recorded", name + ".json")))!["tables"]!;

    public int Jobs => _tables["job"]!.AsArray().Count;

    /// <summary>The recorded job, to be added in its first recorded state.</summary>
    public NewJob Job(int index, params string[] exceptParameters)
    {
        var job = _tables["job"]![index]!;
        return new(Invocation.Parse(job["invocationdata"]!.ToJsonString(), job["arguments"]!.ToJsonString()), States(index)[0],
            Rows("jobparameter", job).Where(p => !exceptParameters.Contains((string?)p["name"]))
                .ToDictionary(p => (string)p["name"]!, p => (string?)p["value"]));
    }

    /// <summary>All recorded states of a job, oldest first.</summary>
    public JobState[] States(int index) =>
    [
        .. Rows("state", _tables["job"]![index]!).Select(s => new JobState(
            (string)s["name"]!, DateTimeOffset.Parse((string)s["createdat"]!, CultureInfo.InvariantCulture),
            s["data"]!.AsObject().ToDictionary(d => d.Key, d => (string)d.Value!), (string?)s["reason"])),
    ];

    /// <summary>The rows as texts that can be compared, table by table.</summary>
    public IEnumerable<string> Lines() => Lines(_tables.AsObject().SelectMany(t => t.Value!.AsArray().Select(row => (t.Key, row!.AsObject()))));

    /// <summary>The rows of a database in the same form.</summary>
    public static async Task<IEnumerable<string>> LinesAsync(string connectionString)
    {
        var rows = new List<(string, JsonObject)>();
        foreach (var table in new[] { "job", "jobparameter", "state", "jobqueue", "set", "hash", "list", "counter", "lock", "server" })
        {
            foreach (var line in await Sql.LinesAsync(connectionString, $"select to_json(t)::text from hangfire.{table} t"))
                rows.Add((table, JsonNode.Parse(line)!.AsObject()));
        }

        return Lines(rows);
    }

    IEnumerable<JsonNode> Rows(string table, JsonNode job) =>
        _tables[table]!.AsArray().Where(row => (long)row!["jobid"]! == (long)job["id"]!).Select(row => row!);

    static IEnumerable<string> Lines(IEnumerable<(string Table, JsonObject Row)> rows) =>
        rows.Select(r => $"{r.Table}: {Text(r.Row)}").Order(StringComparer.Ordinal);

    static string Text(JsonObject row)
    {
        var cells = row.OrderBy(cell => cell.Key, StringComparer.Ordinal).Where(cell => !_ids.Contains(cell.Key)).Select(cell =>
            $"{cell.Key}={(_times.Contains(cell.Key) ? cell.Value is null ? "never" : "some time" : Text(cell.Value))}");
        return CounterDay().Replace(string.Join(' ', cells), "today");
    }

    static string Text(JsonNode? value) => value is JsonObject inner
        ? "{" + string.Join(", ", inner.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}: {p.Value?.ToJsonString()}")) + "}"
        : value?.ToJsonString() ?? "null";

    [GeneratedRegex(@"\d{4}-\d\d-\d\d(-\d\d)?(?="")")]
    private static partial Regex CounterDay();
}
