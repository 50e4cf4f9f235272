using System.Data.Common;
using JobRunner.Storage;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;

namespace JobRunner.Dashboard;

/// <summary>The dashboard as a service of its own.</summary>
static partial class DashboardProgram
{
    const string PostgresKey = "JobRunner:Postgres";
    const string UrlsKey = "JobRunner:Dashboard:Urls";
    const string AllowRemoteKey = "JobRunner:Dashboard:AllowRemote";
    const string DefaultUrls = "http://localhost:5080";

    public static async Task<int> RunAsync(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        if (args is ["health"])
            return await HealthVerb.RunAsync(Urls(builder.Configuration) ?? builder.Configuration["urls"] ?? DefaultUrls);
        if (builder.Configuration[PostgresKey] is not { Length: > 0 } connectionString)
            return await RefuseAsync(
                "no database is named. Set JobRunner__Postgres (or JobRunner:Postgres in a settings file) to a connection string " +
                "such as 'Host=db;Username=app;Password=...;Database=app'.");

        try
        {
            await using var app = Build(builder, connectionString);
            if (await app.TryStartAsync())
                await app.WaitForShutdownAsync();
            return 0;
        }
        catch (Exception e) when (IsForPeople(e))
        {
            return await RefuseAsync(e.Message);
        }
    }

    static WebApplication Build(WebApplicationBuilder builder, string connectionString)
    {
        // What keeps the host from starting is told at the end, or thrown: not logged with its stack before.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        builder.Services.AddJobRunner(options => builder.Configuration.GetSection("JobRunner:Retention").Bind(options.Retention))
            .UsePostgres(connectionString, options => builder.Configuration.GetSection(PostgresKey).Bind(options));
        var allowRemote = builder.Configuration.GetValue<bool>(AllowRemoteKey);
        builder.Services.AddJobRunnerDashboard(options => options.Authorize = allowRemote ? _ => true : options.Authorize);
        builder.Services.AddHealthChecks().AddCheck<StoreHealth>("store", timeout: TimeSpan.FromSeconds(5));
        if (Urls(builder.Configuration) is { } urls)
            builder.WebHost.UseUrls(urls);

        var app = builder.Build();
        if (allowRemote)
            app.Logger.OpenToAll(AllowRemoteKey);
        app.MapJobRunnerDashboard();
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false });
        app.MapHealthChecks("/health/ready");
        app.MapGet("/", () => TypedResults.LocalRedirect("~/jobs"));
        app.MapGet("/hangfire/{**rest}", () => TypedResults.LocalRedirect("~/jobs"));
        return app;
    }

    // Our own setting first, then what ASP.NET Core knows (--urls, ASPNETCORE_URLS, ASPNETCORE_HTTP_PORTS), which it reads itself.
    static string? Urls(ConfigurationManager configuration) => configuration[UrlsKey]
        ?? (configuration["urls"] is null && configuration["http_ports"] is null && configuration["https_ports"] is null ? DefaultUrls : null);

    // What a person can mend is told in a sentence: a database that does not answer or has another version, a port that is
    // taken, a misspelt connection string. Anything else is a bug and keeps its stack.
    static bool IsForPeople(Exception e) =>
        e is StoreException or DbException or IOException
        || (e is ArgumentException && e.Source is "Npgsql" or "System.Data.Common" or "JobRunner.Postgres" or "JobRunner.Jobs");

    static async Task<int> RefuseAsync(string reason)
    {
        await Console.Error.WriteLineAsync($"JobRunner.Dashboard cannot start: {reason}");
        return 1;
    }

    [LoggerMessage(100, LogLevel.Warning, "{Key} is true: whoever can reach this address may see, requeue and delete jobs")]
    static partial void OpenToAll(this ILogger logger, string key);
}
