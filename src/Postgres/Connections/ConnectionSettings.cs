using Npgsql;

namespace JobRunner.Postgres;

/// <summary>What the connection string says, and what we add to it.</summary>
static class ConnectionSettings
{
    public const int SignOfLifeTimeoutSeconds = 5;

    // What the user's connection string says wins. (ContainsKey would be true of any keyword that there is.)
    public static NpgsqlConnectionStringBuilder Of(PostgresOptions options)
    {
        var given = new NpgsqlConnectionStringBuilder(options.ConnectionString);
        var settings = new NpgsqlConnectionStringBuilder(options.ConnectionString);
        if (!given.ShouldSerialize("Maximum Pool Size"))
            settings.MaxPoolSize = options.MaxPoolSize;
        if (!given.ShouldSerialize("Max Auto Prepare"))
            settings.MaxAutoPrepare = 50;
        if (!given.ShouldSerialize("Auto Prepare Min Usages"))
            settings.AutoPrepareMinUsages = 2;
        if (!given.ShouldSerialize("Application Name"))
            settings.ApplicationName = "JobRunner";
        // One is used all the time. What a burst has opened besides goes soon after it: many workers may share the server.
        if (!given.ShouldSerialize("Minimum Pool Size"))
            settings.MinPoolSize = 1;
        if (!given.ShouldSerialize("Connection Idle Lifetime"))
            settings.ConnectionIdleLifetime = 10;
        if (!given.ShouldSerialize("Connection Pruning Interval"))
            settings.ConnectionPruningInterval = Math.Min(5, settings.ConnectionIdleLifetime);
        // We leave nothing behind in a session, so resetting it on each return to the pool would only cost.
        if (!given.ShouldSerialize("No Reset On Close"))
            settings.NoResetOnClose = true;
        // A network that swallows what is sent must not take as long to show as others take to call us dead.
        if (!given.ShouldSerialize("Timeout"))
            settings.Timeout = 5;
        // Except this: what one call does is one transaction of ours, or several, and calls of many callers share one. Inside
        // somebody's TransactionScope some of it would vanish with it.
        settings.Enlist = false;
        return settings;
    }

    // Leases and the like: short statements, from one thread, that wait for no connection that a job's may have. Where one listens they
    // share it, and these go.
    public static string SignsOfLife(NpgsqlConnectionStringBuilder settings) => Short(settings, own =>
    {
        own.MaxPoolSize = 2;
        own.MinPoolSize = 0;
        own.ConnectionIdleLifetime = 5;
        own.ConnectionPruningInterval = 5;
    });

    public static string Listening(NpgsqlConnectionStringBuilder settings) => Short(settings, listening =>
    {
        listening.Pooling = false;
        listening.KeepAlive = 0; // see Listener.ProveAlive
        listening.TcpKeepAlive = true;
        listening.ApplicationName = "JobRunner listener";
    });

    static string Short(NpgsqlConnectionStringBuilder settings, Action<NpgsqlConnectionStringBuilder> change)
    {
        var changed = new NpgsqlConnectionStringBuilder(settings.ConnectionString)
        {
            Timeout = Math.Min(settings.Timeout, 5),
            CommandTimeout = SignOfLifeTimeoutSeconds,
            CancellationTimeout = 500,
        };
        change(changed);
        return changed.ConnectionString;
    }
}
