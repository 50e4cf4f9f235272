using System.Text.Json;
using JobRunner.Chaos.Jobs;
using JobRunner.TestSupport;
using Npgsql;
using NpgsqlTypes;

namespace JobRunner.Chaos;

/// <summary>Jobs that somebody has written into the tables who does not know how, or means no good. Each has to end as Failed;
/// their retries, of which they have as many as any job, are over.</summary>
static class HostileRows
{
    const string InsertSql = """
        with job as (
            insert into hangfire.job (invocationdata, arguments, createdat, statename) values ($1, $2, now(), 'Enqueued') returning id
        ), state as (
            insert into hangfire.state (jobid, name, createdat, data) select id, 'Enqueued', now(), '{"Queue": "default"}' from job returning id, jobid
        ), retried as (
            insert into hangfire.jobparameter (jobid, name, value) select id, 'RetryCount', '10' from job
        ), queue as (
            insert into hangfire.jobqueue (jobid, queue) select id, 'default' from job
        )
        select id from job
        """;

    static string Type => $"{typeof(ChaosJobs).FullName}, {typeof(ChaosJobs).Assembly.GetName().Name}";

    static IEnumerable<(string Call, string Arguments)> Rows
    {
        get
        {
            yield return ("{}", "[]");
            yield return ("5", "[]");
            yield return ("[null]", "[]");
            yield return (Call(Type, "NoSuchMethod", "[]"), "[]");
            yield return (Call(Type, nameof(ChaosJobs.TickAsync), "no list"), "[]");
            yield return (Call(Type, nameof(ChaosJobs.TickAsync), "[\"System.Int32\"]"), "[\"1\"]");
            yield return (Call(Type, nameof(ChaosJobs.TickAsync), Parameters), "[]");
            yield return (Call(Type, nameof(ChaosJobs.TickAsync), Parameters), "{\"0\": \"1\"}");
            yield return (Call(Type, nameof(ChaosJobs.TickAsync), Parameters), "[\"no number\", null]");
            yield return (Call(Type, nameof(ChaosJobs.TickAsync), Parameters), Nested(new string('[', 50_000)));
            yield return (Call(Type, nameof(ChaosJobs.TickAsync), Parameters), Nested(new string('9', 100_000)));
            yield return (Call(new string('x', 100_000), "x", "[]"), "[]");
            yield return (Call("System.IO.File, System.Private.CoreLib", "Delete", "[\"System.String\"]"), Nested("\"/tmp/none\""));
        }
    }

    static string Parameters => JsonSerializer.Serialize(new[] { "System.Int32", $"{typeof(IJobContext).FullName}, {typeof(IJobContext).Assembly.GetName().Name}" });

    public static async Task AddAsync(string database, int rounds)
    {
        for (var round = 0; round < rounds; round++)
        {
            foreach (var (call, arguments) in Rows)
                await Sql.ExecuteAsync(database, InsertSql, Json(call), Json(arguments));
        }
    }

    static NpgsqlParameter Json(string text) => new() { Value = text, NpgsqlDbType = NpgsqlDbType.Jsonb };

    static string Call(string type, string method, string parameters) =>
        JsonSerializer.Serialize(new { Type = type, Method = method, ParameterTypes = parameters, Arguments = (string?)null });

    static string Nested(string argument) => JsonSerializer.Serialize(new[] { argument, null });
}
