using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace JobRunner.TestSupport;

/// <summary>
/// What a database tells about jobs, as text that can be compared between runs: ids by their order, and without times,
/// names of servers, durations and stack traces, which differ from run to run.
/// </summary>
public static partial class Story
{
    static readonly string[] _tables = ["job", "jobparameter", "state", "jobqueue", "set", "hash", "counter", "aggregatedcounter", "lock", "server"];

    /// <summary>The story of a recording (tests/recorded/README.md).</summary>
    public static string OfRecording(string scenario)
    {
        var tables = JsonNode.Parse(File.ReadAllText(Repo.PathOf("tests", "recorded", scenario + ".json")))!["tables"]!;
        return Tell(table => tables[table] is JsonArray rows ? [.. rows.Select(row => row!.AsObject())] : []);
    }

    /// <summary>The story of a database.</summary>
    public static async Task<string> OfDatabaseAsync(string connectionString)
    {
        var rows = new Dictionary<string, List<JsonObject>>();
        foreach (var table in _tables)
        {
            var lines = await Sql.LinesAsync(connectionString, $"select to_json(t)::text from hangfire.{table} t");
            rows[table] = [.. lines.Select(line => JsonNode.Parse(line)!.AsObject())];
        }

        return Tell(table => rows[table]);
    }

    static string Tell(Func<string, List<JsonObject>> rows)
    {
        var order = rows("job").Select(job => (long)job["id"]!).Order().Select((id, i) => (id, i)).ToDictionary(job => job.id, job => job.i + 1);
        var lines = rows("job").OrderBy(job => (long)job["id"]!).SelectMany(job => JobLines(job, order, rows))
            .Concat(rows("jobqueue").Select(row =>
                $"queue {row["queue"]}: job {order.GetValueOrDefault((long)row["jobid"]!)}{(row["fetchedat"] is null ? "" : ", fetched")}").Order(StringComparer.Ordinal))
            .Concat(rows("set").Select(row => $"set {row["key"]}: {Entry((string)row["value"]!, order)}").Order(StringComparer.Ordinal))
            .Concat(rows("counter").Concat(rows("aggregatedcounter")).GroupBy(row => Day().Replace((string)row["key"]!, match => match.Length > 10 ? "hour" : "day") + (row["expireat"] is null ? ", for ever" : ", expires"))
                .Select(counter => $"counter {counter.Key}: {counter.Sum(row => (long)row["value"]!)}").Order(StringComparer.Ordinal))
            .Concat(rows("lock").Select(row => $"lock {row["resource"]}"))
            .Concat(rows("server").Select(row => $"server with {string.Join(", ", row["data"]!.AsObject().Select(member => member.Key).Order(StringComparer.Ordinal))}"));
        return string.Join('\n', lines);
    }

    static IEnumerable<string> JobLines(JsonObject job, Dictionary<long, int> order, Func<string, List<JsonObject>> rows)
    {
        var id = (long)job["id"]!;
        yield return $"job {order[id]}: {job["statename"]}, {(job["expireat"] is null ? "never expires" : "expires")}";
        foreach (var parameter in rows("jobparameter").Where(row => (long)row["jobid"]! == id).OrderBy(row => (string)row["name"]!, StringComparer.Ordinal))
            yield return $"  parameter {parameter["name"]} = {((string?)parameter["name"] == "Time" ? "a time" : parameter["value"])}";
        foreach (var state in rows("state").Where(row => (long)row["jobid"]! == id).OrderBy(row => (long)row["id"]!))
        {
            yield return $"  {state["name"]}: {state["reason"] ?? "no reason"}";
            foreach (var (key, value) in state["data"]!.AsObject().OrderBy(member => member.Key, StringComparer.Ordinal))
                yield return $"    {key} = {Value(key, (string)value!)}";
        }
    }

    // What differs from run to run is only said to be there.
    static string Value(string key, string value) => key switch
    {
        "ServerId" or "WorkerId" => "a name",
        "Latency" or "PerformanceDuration" => long.Parse(value, CultureInfo.InvariantCulture) >= 0 ? "a duration" : value,
        "ExceptionDetails" => value.Split('\n')[0].TrimEnd('\r'),
        _ when key.EndsWith("At", StringComparison.Ordinal) => HangfireTime.TryParse(value, out _) ? "a time" : value,
        _ => value,
    };

    static string Entry(string value, Dictionary<long, int> order)
    {
        var parts = value.Split(':');
        return long.TryParse(parts[^1], out var id) && order.TryGetValue(id, out var number)
            ? string.Join(':', [.. parts[..^1], $"job {number}"])
            : value;
    }

    [GeneratedRegex(@"\d{4}-\d\d-\d\d(-\d\d)?")]
    private static partial Regex Day();
}
