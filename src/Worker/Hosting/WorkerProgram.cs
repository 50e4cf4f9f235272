using System.Data.Common;
using System.Globalization;
using JobRunner.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobRunner.Worker;

/// <summary>The worker as a service of its own: <c>JobRunner.Worker</c> runs it, <c>JobRunner.Worker health</c> asks after it.</summary>
static class WorkerProgram
{
    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            if (args is ["health"])
                return await HealthAsync();
            var builder = Host.CreateApplicationBuilder(args);
            // What keeps the host from starting is told at the end, or thrown: not logged with its stack before.
            builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
            AddTo(builder).AddWorker();
            var host = builder.Build();
            await using ((IAsyncDisposable)host)
            {
                if (await host.TryStartAsync())
                    await host.WaitForShutdownAsync();
                return host.Services.GetServices<IHostedService>().OfType<WorkerService>().Any(worker => worker.HasFaulted) ? 1 : 0;
            }
        }
        catch (Exception e) when (IsForPeople(e))
        {
            await Console.Error.WriteLineAsync($"JobRunner.Worker cannot start: {e.Message}");
            return 1;
        }
    }

    // What a person can mend is told in a sentence; anything else is a bug and keeps its stack.
    static bool IsForPeople(Exception e) =>
        e is ConfigurationException or StoreException or JobLoadException or OptionsValidationException or DbException or IOException or TimeoutException
        || (e is ArgumentException && e.Source is "Npgsql" or "System.Data.Common" or "JobRunner.Postgres" or "JobRunner.Jobs")
        || (e is InvalidOperationException && e.Source == "Microsoft.Extensions.Configuration.Binder");

    static JobRunnerBuilder AddTo(HostApplicationBuilder builder)
    {
        var connectionString = builder.Configuration["JobRunner:Postgres"] is { Length: > 0 } given
            ? given
            : throw new ConfigurationException(
                "no database is named. Set JobRunner:Postgres, or the environment variable JobRunner__Postgres, to a connection string such as 'Host=db;Username=app;Password=...;Database=app'.");
        var assemblies = builder.Configuration.GetSection("JobRunner:JobAssemblies").Get<string[]>() ?? [];
        return builder.Services.AddJobRunner(options =>
        {
            builder.Configuration.GetSection("JobRunner:Retention").Bind(options.Retention);
            foreach (var assembly in assemblies)
                options.AddAssembly(JobAssemblyLoader.Load(assembly));
        }).UsePostgres(connectionString, options => builder.Configuration.GetSection("JobRunner:Postgres").Bind(options));
    }

    // Healthy means: this machine's worker has told the database lately that it is alive.
    static async Task<int> HealthAsync()
    {
        var builder = Host.CreateApplicationBuilder();
        AddTo(builder);
        using var host = builder.Build();
        var name = string.Create(CultureInfo.InvariantCulture, $"{ServerInfo.NamePrefix}{Environment.MachineName.ToLowerInvariant()}:");
        var since = TimeProvider.System.GetUtcNow() - new WorkerOptions().RescueAfter;
        var servers = await host.Services.GetRequiredService<IServerRegistry>().ListAsync(CancellationToken.None);
        var alive = servers.Where(server => server.Id.StartsWith(name, StringComparison.Ordinal) && server.LastHeartbeat >= since).ToArray();
        var unwritten = alive.Sum(server => server.Unwritten);
        await Console.Out.WriteLineAsync(alive.Length == 0 ? "no worker of this machine has been heard of lately"
            : unwritten > 0 ? string.Create(CultureInfo.InvariantCulture, $"alive, but the store refuses the outcomes of {unwritten} jobs: the worker's log says why")
            : "healthy");
        return alive.Length > 0 && unwritten == 0 ? 0 : 1;
    }
}

/// <summary>A setting that a person has to mend.</summary>
sealed class ConfigurationException(string message) : Exception(message);
