using System.Globalization;
using System.Text.Json;

namespace JobRunner.Benchmarks;

/// <summary>What every scenario prints.</summary>
static class Report
{
    public static async Task<int> WriteAsync(string scenario, BenchHost bench, int jobs, Measured measured, string verified)
    {
        var seconds = measured.Elapsed.TotalSeconds;
        await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"""
            {scenario}: {jobs:N0} jobs on {bench.StoreName}
            took {seconds:0.000} s, {jobs / seconds:N0} jobs/s; peak of {measured.RssMiB:0} MiB resident and {measured.Threads} threads
            {measured.Cpu.TotalMicroseconds / jobs:0.0} µs of processor time a job in this process
            {verified}
            """));
        await Console.Out.WriteLineAsync(JsonSerializer.Serialize(new
        {
            scenario,
            store = bench.StoreName,
            jobs,
            seconds = Math.Round(seconds, 4),
            per_second = Math.Round(jobs / seconds, 1),
            rss_mib = Math.Round(measured.RssMiB, 1),
            threads = measured.Threads,
            cpu_us_per_job = Math.Round(measured.Cpu.TotalMicroseconds / jobs, 1),
        }));
        return 0;
    }
}
