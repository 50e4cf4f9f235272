using JobRunner.Storage;
using Npgsql;

namespace JobRunner.Postgres;

/// <summary>Creates the tables where they are absent, all in one transaction, and refuses those of another version.</summary>
/// <param name="database">The database.</param>
/// <param name="notifyTrigger">Creates the trigger of notify.sql, too.</param>
sealed class SchemaInstaller(Database database, bool notifyTrigger)
{
    const int HangfireVersion = 23;
    const int OwnVersion = 6;

    readonly SchemaNames _names = database.Names;

    /// <exception cref="StoreException">The tables are of another version; or the connection broke.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await InstallAsync(cancellationToken);
        }
        catch (ObjectDisposedException e)
        {
            // What Npgsql says when a connection breaks between two statements of a transaction.
            throw new StoreException("The connection to the database broke while its schema was looked at. Start again when the database is there.", e);
        }
    }

    async Task InstallAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await LockAsync(connection, cancellationToken);
        if (await FoundAsync(connection, _names.Hangfire, "schema", cancellationToken) is not { } version)
            await CreateAsync(connection, _names.Hangfire, "hangfire.sql", cancellationToken);
        else if (version != HangfireVersion)
            throw Refused(_names.Hangfire, $"is at Hangfire's version {version}", HangfireVersion);
        var ownVersion = await FoundAsync(connection, _names.Own, "version", cancellationToken) ?? 0;
        if (ownVersion == 0)
            await CreateAsync(connection, _names.Own, "jobrunner.sql", cancellationToken);
        for (var next = Math.Max(ownVersion, 1) + 1; next <= OwnVersion; next++)
            await ExecuteAsync(connection, Resource($"jobrunner-{next}.sql"), cancellationToken);
        if (ownVersion > OwnVersion)
            throw new StoreException($"Schema '{_names.Own}' is at JobRunner's version {ownVersion}, and this JobRunner needs version " +
                $"{OwnVersion}. Run the release of JobRunner that the other workers of this database run.");
        if (notifyTrigger && !await HasTriggerAsync(connection, cancellationToken))
            await ExecuteAsync(connection, Resource("notify.sql"), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    const string TriggerSql = """
        select exists (select from pg_trigger where tgname = 'jobrunner_notify_enqueued' and tgrelid = 'hangfire.jobqueue'::regclass)
        """;

    async Task<bool> HasTriggerAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(_names.In(TriggerSql), connection);
        return await command.ExecuteScalarAsync(cancellationToken) is true;
    }

    // Workers that start together wait for the first one instead of failing on its tables.
    const string LockSql = "select pg_advisory_xact_lock(hashtext('JobRunner.SchemaInstaller'))";

    static Task LockAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        ExecuteAsync(connection, LockSql, cancellationToken);

    // Only the catalog is read, so that a role without the right to create anything can start on finished tables.
    const string TablesSql = """
        select coalesce(bool_or(tablename = $2), false), count(*) from pg_tables where schemaname = $1
        """;

    /// <summary>The version in the version table; null when the schema is absent or empty.</summary>
    static async Task<int?> FoundAsync(NpgsqlConnection connection, string schema, string versionTable, CancellationToken cancellationToken)
    {
        await using var tables = new NpgsqlCommand(TablesSql, connection)
        {
            Parameters = { Parameters.Of(schema), Parameters.Of(versionTable) },
        };
        await using (var reader = await tables.ExecuteReaderAsync(cancellationToken))
        {
            await reader.ReadAsync(cancellationToken);
            if (reader.GetInt64(1) == 0)
                return null;
            if (!reader.GetBoolean(0))
                throw Refused(schema, $"has tables but no table '{versionTable}', so nobody can tell what they are", HangfireVersion);
        }

        await using var version = new NpgsqlCommand($"select max(version) from \"{schema}\".{versionTable}", connection);
        return await version.ExecuteScalarAsync(cancellationToken) as int?
            ?? throw Refused(schema, $"has an empty table '{versionTable}', so nobody can tell what it is", HangfireVersion);
    }

    // Looked up rather than 'create schema if not exists', which asks for the right to create schemas even when there is one:
    // an administrator may have made an empty schema for us.
    const string SchemaExistsSql = "select exists (select from pg_namespace where nspname = $1)";

    async Task CreateAsync(NpgsqlConnection connection, string schema, string script, CancellationToken cancellationToken)
    {
        await using var exists = new NpgsqlCommand(SchemaExistsSql, connection) { Parameters = { Parameters.Of(schema) } };
        if (await exists.ExecuteScalarAsync(cancellationToken) is false)
            await ExecuteAsync(connection, $"create schema \"{schema}\"", cancellationToken);
        await ExecuteAsync(connection, Resource(script), cancellationToken);
    }

    static StoreException Refused(string schema, string found, int needed) =>
        new($"Schema '{schema}' {found}, and JobRunner needs Hangfire's schema version {needed}. Start an application with " +
            "Hangfire.PostgreSql 1.21 once, which migrates the schema to that version, or name another schema in JobRunner's options.");

    static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    string Resource(string name)
    {
        using var reader = new StreamReader(typeof(SchemaInstaller).Assembly.GetManifestResourceStream(name)!);
        return _names.In(reader.ReadToEnd());
    }
}
