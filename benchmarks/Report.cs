using System.Globalization;
using System.Text.Json.Nodes;

namespace JobRunner.Benchmarks;

/// <summary>What a scenario prints: some sentences, and as its last line one JSON object.</summary>
sealed class Report(string scenario, BenchStore? store)
{
    readonly JsonObject _json = store is null ? new() { ["scenario"] = scenario } : new() { ["scenario"] = scenario, ["store"] = store.Name };
    readonly List<string> _lines = [store is null ? scenario : $"{scenario} on {store.Name}"];

    public Report Say(FormattableString line)
    {
        _lines.Add(line.ToString(CultureInfo.InvariantCulture));
        return this;
    }

    public Report Add(string key, double? value, int digits = 1) => Add(key, value is { } number ? JsonValue.Create(Math.Round(number, digits)) : null);

    public Report Add(string key, JsonNode? value)
    {
        _json[key] = value;
        return this;
    }

    public Report AddRate(int jobs, TimeSpan elapsed)
    {
        Say($"{jobs:N0} jobs took {elapsed.TotalSeconds:0.000} s: {jobs / elapsed.TotalSeconds:N0} jobs/s");
        return Add("jobs", JsonValue.Create(jobs)).Add("seconds", elapsed.TotalSeconds, 4).Add("per_second", jobs / elapsed.TotalSeconds);
    }

    public Report AddAll(double[] rates)
    {
        if (rates.Length > 1)
            Say($"the median of {rates.Length} runs: {string.Join(", ", rates.Select(rate => rate.ToString("N0", CultureInfo.InvariantCulture)))} jobs/s");
        return Add("all", new JsonArray([.. rates.Select(rate => JsonValue.Create(Math.Round(rate, 1)))]));
    }

    public Report AddLatency(string prefix, Percentiles milliseconds) =>
        Add($"{prefix}p50_ms", milliseconds.P50, 3).Add($"{prefix}p99_ms", milliseconds.P99, 3);

    public Report AddUsage(Usage usage, int? jobs = null)
    {
        Say($"peak of {usage.RssMiB:0} MiB resident and {usage.Threads} threads here");
        Add("rss_mib", usage.RssMiB).Add("threads", JsonValue.Create(usage.Threads));
        if (jobs is { } some)
        {
            Say($"{usage.Cpu.TotalMicroseconds / some:0.0} µs of processor time a job here");
            Add("cpu_us_per_job", usage.Cpu.TotalMicroseconds / some);
        }

        return usage.Database is { } database ? AddDatabase(database, jobs) : this;
    }

    public async Task<int> WriteAsync()
    {
        foreach (var line in _lines)
            await Console.Out.WriteLineAsync(line);
        await Console.Out.WriteLineAsync(_json.ToJsonString());
        return 0;
    }

    Report AddDatabase(DatabaseUsage database, int? jobs)
    {
        if (jobs is { } some)
        {
            Say($"{database.Cpu?.TotalMicroseconds / some:0.0} µs of the server's, {database.WalBytes / some:N0} bytes of WAL, {(double?)database.Statements / some:0.0000} statements a job");
            Add("server_cpu_us_per_job", database.Cpu?.TotalMicroseconds / some);
            Add("wal_bytes_per_job", database.WalBytes / some);
            Add("statements_per_job", (double?)database.Statements / some, 4);
        }

        Say($"at most {database.Connections} connections");
        return Add("connections", JsonValue.Create(database.Connections));
    }
}
