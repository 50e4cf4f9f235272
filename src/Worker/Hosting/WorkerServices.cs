using JobRunner.Sandbox;
using JobRunner.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace JobRunner;

/// <summary>Registers a worker.</summary>
public static class WorkerServices
{
    /// <summary>Runs jobs in this host. Options come from the configuration section <c>JobRunner:Worker</c> (and those of the
    /// sandboxes from <c>JobRunner:Sandbox</c>), then from <paramref name="configure"/>; they are validated at start.</summary>
    public static JobRunnerBuilder AddWorker(this JobRunnerBuilder builder, Action<WorkerOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        services.AddOptions<WorkerOptions>().BindConfiguration(WorkerOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<WorkerOptions>, WorkerOptionsValidator>();
        if (configure is not null)
            services.Configure(configure);
        services.AddOptions<SandboxOptions>().BindConfiguration("JobRunner:Sandbox");
        services.AddSandboxPool();

        services.AddSingleton<WorkerIdentity>();
        services.AddSingleton<Executions>();
        services.AddSingleton<ClaimWake>();
        services.AddSingleton<Fleet>();
        services.AddSingleton<JobNotes>();
        services.AddSingleton<Router>();
        services.AddSingleton<Dispatcher>();
        services.AddSingleton<Exclusions>();
        services.AddSingleton<ForeignJobs>();
        services.AddSingleton<OutcomeWriter>();
        services.AddSingleton<Committer>();
        services.AddSingleton<Suspects>();
        services.AddSingleton<Claimer>();
        services.AddSingleton<WorkPoll>();
        services.AddSingleton<RecurringScheduler>();
        services.AddSingleton<ThreadPoolWatch>();
        services.AddSingleton<SignsOfLife>();
        services.AddSingleton<Worker.Housekeeping>();
        services.AddSingleton(Lanes);
        services.AddHostedService<WorkerService>();
        services.AddOptions<HostOptions>().PostConfigure<IOptions<WorkerOptions>>(AllowTimeToStop);
        return builder;
    }

    static WorkerLanes Lanes(IServiceProvider p)
    {
        var options = p.GetRequiredService<IOptions<WorkerOptions>>().Value;
        var performer = p.GetRequiredService<JobPerformer>();
        var notes = p.GetRequiredService<JobNotes>();
        var committer = p.GetRequiredService<Committer>();
        var wake = p.GetRequiredService<ClaimWake>();
        var time = p.GetRequiredService<TimeProvider>();
        return new WorkerLanes(
            new AsyncLane(options.AsyncConcurrency, options.Backlog, performer, notes, committer, wake, time),
            new ThreadLane(options.ThreadConcurrency, options.Backlog, performer, notes, committer, wake, time),
            new SandboxLane(p.GetRequiredService<IOptions<SandboxOptions>>().Value.Maximum, options.Backlog,
                p.GetRequiredService<ISandboxPool>(), notes, committer, wake, time));
    }

    // The host gives all its services 30 s by default: less than a worker may need.
    static void AllowTimeToStop(HostOptions host, IOptions<WorkerOptions> worker)
    {
        var needed = worker.Value.ShutdownGrace + worker.Value.CancelGrace + TimeSpan.FromSeconds(15);
        if (host.ShutdownTimeout < needed)
            host.ShutdownTimeout = needed;
    }
}
