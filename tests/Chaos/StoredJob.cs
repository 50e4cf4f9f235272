using System.Text.RegularExpressions;
using Npgsql;

namespace JobRunner.Chaos;

/// <summary>A job as the database has it at the end.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Key">Its first argument; null when it is none of the driver's.</param>
/// <param name="State">Its state.</param>
/// <param name="Occurrence">Of which recurring job and for which second it was made.</param>
sealed partial record StoredJob(long Id, int? Key, string? State, string? Occurrence)
{
    /// <summary>The names of its history, oldest first.</summary>
    public List<string> History { get; } = [];

    /// <summary>When each of them was written down.</summary>
    public List<DateTime> Times { get; } = [];

    public bool IsFinal => State is "Succeeded" or "Failed" or "Deleted";

    public static async Task<Dictionary<long, StoredJob>> ReadAsync(string database)
    {
        var jobs = new Dictionary<long, StoredJob>();
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using (var command = new NpgsqlCommand("""
            select j.id, j.arguments::text, j.statename,
                   (select string_agg(p.value, ' ' order by p.name) from hangfire.jobparameter p where p.jobid = j.id and p.name in ('RecurringJobId', 'Time') having count(*) = 2)
            from hangfire.job j
            """, connection))
        await using (var reader = await command.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
            {
                var key = FirstArgument().Match(reader.GetString(1));
                jobs.Add(reader.GetInt64(0), new(reader.GetInt64(0), key.Success ? int.Parse(key.Groups[1].ValueSpan, null) : null,
                    await reader.IsDBNullAsync(2) ? null : reader.GetString(2), await reader.IsDBNullAsync(3) ? null : reader.GetString(3)));
            }
        }

        await using (var command = new NpgsqlCommand("select jobid, name, createdat from hangfire.state order by id", connection))
        await using (var reader = await command.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
            {
                var job = jobs[reader.GetInt64(0)];
                job.History.Add(reader.GetString(1));
                job.Times.Add(reader.GetDateTime(2));
            }
        }

        return jobs;
    }

    [GeneratedRegex("""^\["([0-9]{1,10})",""")]
    private static partial Regex FirstArgument();
}
