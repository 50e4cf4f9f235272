using System.Globalization;
using Npgsql;

namespace JobRunner.Postgres;

/// <summary>
/// The days of the history: made ahead, and dropped whole when they are old. Never in the way of an end: a line that finds no partition of
/// its day goes into the default one, and no partition is attached while lines of its day may arrive, because one that is on its way to the
/// default partition in that moment would be refused, and its job's end with it. So a day that was missed is moved out of there when it is over.
/// </summary>
/// <param name="database">The database.</param>
/// <param name="keep">How long lines are kept.</param>
sealed class HistoryPartitions(Database database, TimeSpan keep)
{
    const int DaysAhead = 3;

    const string DaysSql = """
        select now(), array(
            select c.relname::text from pg_inherits i join pg_class c on c.oid = i.inhrelid
            where i.inhparent = 'jobrunner.history'::regclass and c.relname ~ '^history_[0-9]{8}$')
        """;

    // There are none as long as somebody keeps the days ahead.
    const string StrayDaysSql = """
        select distinct (endedat at time zone 'utc')::date from jobrunner.history_rest
        where endedat < date_trunc('day', now() at time zone 'utc' - interval '10 minutes') at time zone 'utc'
        """;

    const int MostStrays = 10_000;

    const string DropStraysSql = """
        delete from jobrunner.history_rest where ctid = any(array(select ctid from jobrunner.history_rest where endedat < $1 limit $2))
        """;

    // One of all workers. Who waits for a table's lock holds up all that ends meanwhile, so it gives up soon and tries again later.
    const string BeginSql = """
        select set_config('lock_timeout', '200ms', true), pg_advisory_xact_lock(hashtext('jobrunner.history'));
        """;

    const string AddSql = BeginSql + """
        create table jobrunner.history_{name} (like jobrunner.history including indexes);
        lock table jobrunner.history_rest in access exclusive mode;
        with moved as (
            delete from jobrunner.history_rest where endedat >= '{day}' and endedat < '{next}' returning *
        )
        insert into jobrunner.history_{name} select * from moved;
        alter table jobrunner.history attach partition jobrunner.history_{name} for values from ('{day}') to ('{next}');
        """;

    const string DropSql = BeginSql + "drop table if exists jobrunner.history_{name}";

    /// <summary>Adds the days to come and drops old ones.</summary>
    /// <param name="atStart">True before work begins: then today is added, too, if it is the first of all.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>False when something was locked or is more than can be done at once: it is left for the next time.</returns>
    public async Task<bool> KeepAsync(bool atStart, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        var (now, days) = await DaysAsync(connection, cancellationToken);
        var (today, oldest) = (DateOnly.FromDateTime(now), DateOnly.FromDateTime(now - keep));
        var wanted = Enumerable.Range(1, DaysAhead).Select(today.AddDays).Where(day => Start(day) > now.AddMinutes(1)).ToHashSet();
        if (atStart && days.Count == 0)
            wanted.Add(today);
        wanted.UnionWith((await StrayDaysAsync(connection, cancellationToken)).Where(day => day >= oldest));
        wanted.ExceptWith(days);

        // First: a role that does not own the tables may do that, and no more.
        var all = await DropStraysAsync(connection, oldest, cancellationToken);
        foreach (var day in wanted.Order())
            all &= await TryAsync(connection, AddSql, day, cancellationToken);
        foreach (var day in days.Where(day => day < oldest).Order())
            all &= await TryAsync(connection, DropSql, day, cancellationToken);
        return all;
    }

    async Task<bool> DropStraysAsync(NpgsqlConnection connection, DateOnly oldest, CancellationToken cancellationToken)
    {
        await using var strays = Database.Batch(
            connection, database.Command(DropStraysSql, Parameters.Of(Start(oldest)), Parameters.Of(MostStrays)));
        return await strays.ExecuteNonQueryAsync(cancellationToken) < MostStrays;
    }

    async Task<bool> TryAsync(NpgsqlConnection connection, string sql, DateOnly day, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        try
        {
            // The names of schemas are put in before, so that those texts are few.
            await using var command = new NpgsqlCommand(
                database.Names.In(sql).Replace("{name}", Text(day, "yyyyMMdd"), StringComparison.Ordinal)
                    .Replace("{day}", Text(day, "yyyy-MM-dd 00:00:00Z"), StringComparison.Ordinal)
                    .Replace("{next}", Text(day.AddDays(1), "yyyy-MM-dd 00:00:00Z"), StringComparison.Ordinal), connection);
            await command.ExecuteNonQueryAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return true;
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.DuplicateTable)
        {
            return true; // another worker was quicker
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected)
        {
            return false;
        }
    }

    async Task<(DateTime Now, HashSet<DateOnly> Days)> DaysAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var batch = Database.Batch(connection, database.Command(DaysSql));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (reader.GetDateTime(0), [.. reader.GetFieldValue<string[]>(1)
            .Select(name => DateOnly.ParseExact(name["history_".Length..], "yyyyMMdd", CultureInfo.InvariantCulture))]);
    }

    async Task<List<DateOnly>> StrayDaysAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var batch = Database.Batch(connection, database.Command(StrayDaysSql));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        var days = new List<DateOnly>();
        while (await reader.ReadAsync(cancellationToken))
            days.Add(reader.GetFieldValue<DateOnly>(0));
        return days;
    }

    static DateTime Start(DateOnly day) => day.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc);

    static string Text(DateOnly day, string format) => Start(day).ToString(format, CultureInfo.InvariantCulture);
}
