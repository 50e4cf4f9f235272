using System.Globalization;
using JobRunner.TestSupport;
using Npgsql;

namespace JobRunner.Worker.Tests.Hostile;

/// <summary>Puts hostile rows into Hangfire's tables, and asks what became of them.</summary>
static class HostileDatabase
{
    const string AddSql = """
        with given as materialized (
            select nextval('hangfire.job_id_seq') as id, nextval('hangfire.state_id_seq') as stateid, g.*
            from unnest(@invocation, @arguments, @created, @expires, @statename, @statedata, @parameters, @rows, @token, @claimed, @set) with ordinality
                as g(invocation, arguments, created, expires, statename, statedata, parameters, rows, token, claimed, set, ord)
        ), jobs as (
            insert into hangfire.job (id, stateid, statename, invocationdata, arguments, createdat, expireat)
            select id, stateid, statename, invocation::jsonb, arguments::jsonb, created::timestamptz, expires::timestamptz from given
        ), states as (
            insert into hangfire.state (id, jobid, name, createdat, data)
            select stateid, id, statename, created::timestamptz, statedata::jsonb from given
        ), parameters as (
            insert into hangfire.jobparameter (jobid, name, value)
            select id, p ->> 0, p ->> 1 from given cross join lateral json_array_elements(given.parameters::json) as p
        ), queued as (
            insert into hangfire.jobqueue (jobid, queue, fetchedat, updatecount)
            select id, 'default', case when claimed then now() - interval '1 hour' end, token from given cross join lateral generate_series(1, rows)
        ), sets as (
            insert into hangfire.set (key, score, value) select set, 0, id::text from given where set is not null
        )
        select id::text from given order by ord
        """;

    // What belongs to no job: entries, hashes, servers and queue rows of nothing.
    const string EntriesSql = """
        insert into hangfire.jobqueue (jobid, queue, updatecount)
        values (0, 'default', 0), (-1, 'default', 2147483647), (9223372036854775807, 'default', -2147483648), (-9223372036854775808, 'default', 0);
        insert into hangfire.set (key, score, value)
        select key, score::float8, value || (900000000000 + row_number() over ())
        from (values ('schedule'), ('retries'), ('awaiting'), ('recurring-jobs')) k(key)
        cross join (values ('0'), ('-1'), ('NaN'), ('Infinity'), ('-Infinity'), ('1e308'), ('-1e308')) s(score)
        cross join (values (''), ('rubbish'), ('-'), ('a:b:'), ('99999999999999999999'), (repeat('x', 2000)), ('default:')) v(value);
        insert into hangfire.server (id, data, lastheartbeat)
        values ('', null, 'infinity'), ('a', '[]', '-infinity'), ('b', '{"Queues": 7}', '294276-12-31'), ('c', '{"StartedAt": []}', now()), ('d', '7', '4713-01-01 BC');
        """;

    const string RecurringSql = """
        with given as materialized (select * from unnest(@id, @fields) g(id, fields))
        , hashes as (
            insert into hangfire.hash (key, field, value)
            select 'recurring-job:' || id, f.key, f.value from given cross join lateral json_each_text(fields::json) f
        )
        insert into hangfire.set (key, score, value) select 'recurring-jobs', 1, id from given
        """;

    public static async Task<long[]> AddAsync(string database, IReadOnlyList<HostileRow> rows)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(AddSql, connection) { CommandTimeout = 300 };
        Add("invocation", row => row.Invocation);
        Add("arguments", row => row.Arguments);
        Add("created", row => row.Created);
        Add("expires", row => row.Expires);
        Add("statename", row => row.StateName);
        Add("statedata", row => row.StateData);
        Add("parameters", row => row.Parameters);
        Add("rows", row => row.QueueRows);
        Add("token", row => row.Token);
        Add("claimed", row => row.IsClaimed);
        Add("set", row => row.Set);
        await using var reader = await command.ExecuteReaderAsync();
        var ids = new List<long>(rows.Count);
        while (await reader.ReadAsync())
            ids.Add(long.Parse(reader.GetString(0), CultureInfo.InvariantCulture));
        return [.. ids];

        void Add<T>(string name, Func<HostileRow, T> column) => command.Parameters.AddWithValue(name, rows.Select(column).ToArray());
    }

    public static async Task AddEntriesAsync(string database, IReadOnlyList<(string Id, string Fields)> recurring)
    {
        await Sql.ExecuteAsync(database, EntriesSql);
        await Sql.ExecuteAsync(database, RecurringSql, new NpgsqlParameter("id", recurring.Select(job => job.Id).ToArray()),
            new NpgsqlParameter("fields", recurring.Select(job => job.Fields).ToArray()));
    }

    /// <summary>Hashes of recurring jobs that cannot run; a worker tells why in field <c>Error</c>.</summary>
    public static IEnumerable<(string Id, string Fields)> Recurring(Random random)
    {
        const string sound = """
            "Job":"{\"t\":\"JobRunner.TestSupport.JobsHardToKeep, TestSupport\",\"m\":\"TakeNumberAsync\",\"p\":[\"System.Int32\"],\"a\":[\"7\"]}","Cron":"* * * * * *"
            """;
        string[] fields =
        [
            """{"Cron": "* * * * *"}""", """{"Job": "", "Cron": "* * * * *"}""", """{"Job": "7", "Cron": "* * * * *"}""", """{"Job": "[[[[", "Cron": "* * * * *"}""",
            """{"Job": "{\"t\":7}", "Cron": "* * * * *"}""", """{"Job": "{\"t\":\"x\"}", "Cron": "* * * * *"}""", """{"Job": "{\"t\":\"x\",\"m\":\"x\",\"p\":7}", "Cron": "* * * * *"}""",
            """{"Job": "{\"t\":\"\\u0000\",\"m\":\"x\"}", "Cron": "* * * * *"}""", Newtonsoft.Json.JsonConvert.SerializeObject(new { Job = HostileRow.Nested(5000), Cron = "* * * * *" }),
            $$"""{{{sound}},"TimeZoneId":"Nowhere/At_All"}""", $$"""{{{sound}},"V":"99"}""", $$"""{{{sound}},"V":"x"}""", $$"""{{{sound}},"Misfire":"7"}""", $$"""{{{sound}},"CreatedAt":"yesterday"}""",
            $$"""{{{sound}},"LastExecution":"99999999999999999999"}""", $$"""{{{sound}},"JobRunner.PausedAt":"x"}""", $$"""{{{sound}},"RetryAttempt":"x","V":"x"}""",
            $$"""{{{sound.Replace("* * * * * *", "99 99 * * *", StringComparison.Ordinal)}}}""", $$"""{{{sound.Replace("* * * * * *", "", StringComparison.Ordinal)}}}""",
            Newtonsoft.Json.JsonConvert.SerializeObject(new { Job = "x", Cron = HostileRow.Odd(random, 10_000) }),
        ];
        return fields.Select((json, i) => ($"hostile {i} {HostileRow.Odd(random, random.Next(1, 40))}", json));
    }

    // The message of the first failure; what became of the job.
    const string EndsSql = """
        select j.id::text || ' ' || coalesce(j.statename, '-') || ' ' || coalesce((
            select 'F' || coalesce(s.data ->> 'ExceptionMessage', '') || ' ' || coalesce(s.data ->> 'ExceptionDetails', '')
            from hangfire.state s where s.jobid = j.id and s.name = 'Failed' order by s.id limit 1), '')
        from hangfire.job j where j.id between @first and @last
        """;

    public static async Task<Dictionary<long, (string State, string? Failure)>> EndsAsync(string database, long first, long last)
    {
        var ends = new Dictionary<long, (string, string?)>();
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(EndsSql, connection) { CommandTimeout = 300 };
        command.Parameters.AddWithValue("first", first);
        command.Parameters.AddWithValue("last", last);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            var parts = reader.GetString(0).Split(' ', 3);
            ends.Add(long.Parse(parts[0], CultureInfo.InvariantCulture), (parts[1], parts[2].Length > 0 ? parts[2][1..] : null));
        }

        return ends;
    }
}
