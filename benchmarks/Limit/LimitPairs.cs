using System.Text.Json.Nodes;

namespace JobRunner.Benchmarks;

/// <summary>What a program without an engine took for the same rows.</summary>
sealed record BareRun(int Jobs, TimeSpan Elapsed, Usage Usage)
{
    public double PerSecond => Jobs / Elapsed.TotalSeconds;
}

/// <summary>Runs of ours, each right behind one of a program that has nothing but the statements: its rate is the limit, and the
/// ratio of the two is what the engine makes of it. The ratio of a pair says more than either rate: both had the same machine.</summary>
/// <param name="bare">Runs that program; null to leave it out.</param>
sealed class LimitPairs(Func<Task<BareRun>>? bare)
{
    readonly List<(BareRun Bare, double Ours)> _pairs = [];

    /// <summary>Both, the bare program first.</summary>
    /// <returns>The result of ours.</returns>
    public async Task<T> RunAsync<T>(Func<Task<T>> ours, Func<T, double> perSecond)
    {
        var limit = bare is null ? null : await bare();
        var result = await ours();
        if (limit is not null)
            _pairs.Add((limit, perSecond(result)));
        return result;
    }

    public Report AddTo(Report report)
    {
        if (_pairs.Count == 0)
            return report;
        double[] ratios = [.. _pairs.Select(pair => pair.Ours / pair.Bare.PerSecond)];
        var ratio = new Percentiles(ratios).P50;
        var median = _pairs.OrderBy(pair => pair.Bare.PerSecond).ElementAt((_pairs.Count - 1) / 2).Bare;
        report
            .Say($"a bare program reaches {median.PerSecond:N0} jobs/s on these tables: {ratio:0.000} of that is the engine's rate (median of {_pairs.Count})")
            .Add("limit_per_second", median.PerSecond).Add("ratio_to_limit", ratio, 3)
            .Add("limit_all", ToJson(_pairs.Select(pair => pair.Bare.PerSecond), 1)).Add("ratios", ToJson(ratios, 3))
            .Add("limit_cpu_us_per_job", median.Usage.Cpu.TotalMicroseconds / median.Jobs);
        return median.Usage.Database is { } database
            ? report.Add("limit_server_cpu_us_per_job", database.Cpu?.TotalMicroseconds / median.Jobs).Add("limit_wal_bytes_per_job", database.WalBytes / median.Jobs)
            : report;
    }

    static JsonArray ToJson(IEnumerable<double> numbers, int digits) => new([.. numbers.Select(number => JsonValue.Create(Math.Round(number, digits)))]);
}
