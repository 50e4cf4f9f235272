using System.Globalization;
using Microsoft.Extensions.DependencyInjection;

namespace JobRunner;

/// <summary>Runs a call in this process: scope, instance, arguments, culture, method, result. The worker's in-process lanes
/// and the sandbox child both run jobs through it.</summary>
public sealed class JobPerformer(IServiceProvider services, JobMethods methods, ArgumentSerializer arguments)
{
    readonly bool _hasMiddleware = services.GetService<IServiceProviderIsService>()?.IsService(typeof(IJobMiddleware)) != false;

    /// <summary>Runs a stored call.</summary>
    /// <param name="invocation">The call.</param>
    /// <param name="cultures">The cultures to run it under.</param>
    /// <param name="context">What the job may know of itself.</param>
    /// <returns>The result as JSON, or null when there is none.</returns>
    /// <exception cref="JobLoadException">The call cannot be run here.</exception>
    public ValueTask<string?> RunAsync(Invocation invocation, JobCultures cultures, IJobContext context) =>
        RunAsync(methods.Find(invocation), invocation, cultures, context);

    /// <summary>Runs a stored call whose method is found already.</summary>
    /// <inheritdoc cref="RunAsync(Invocation, JobCultures, IJobContext)"/>
    public async ValueTask<string?> RunAsync(JobMethod method, Invocation invocation, JobCultures cultures, IJobContext context)
    {
        ArgumentNullException.ThrowIfNull(method);
        ArgumentNullException.ThrowIfNull(invocation);
        ArgumentNullException.ThrowIfNull(context);
        cultures.Apply();

        // Nobody could tell whether there was a scope.
        if (method.Method.IsStatic && !_hasMiddleware)
            return WriteResult(await method.InvokeAsync(null, Bind(method, invocation, context)));

        var scope = services.CreateAsyncScope();
        object? instance = null;
        var hasReturned = false;
        try
        {
            scope.ServiceProvider.GetService<CurrentJob>()?.Context = context;
            instance = method.Method.IsStatic ? null : ActivatorUtilities.GetServiceOrCreateInstance(scope.ServiceProvider, method.Type);
            var values = Bind(method, invocation, context);
            var run = new JobRun(context, method.Type, method.Method, values, scope.ServiceProvider);
            var result = WriteResult(await InvokeAsync(run, () => method.InvokeAsync(instance, values)));
            hasReturned = true;
            return result;
        }
        finally
        {
            await DisposeAsync(instance, scope, method.Type, hasReturned);
        }
    }

    // An exception from here is the job's as well, unless it has one already, which tells more.
    static async ValueTask DisposeAsync(object? instance, AsyncServiceScope scope, Type type, bool hasReturned)
    {
        try
        {
            await using (scope.ConfigureAwait(false))
            {
                if (instance is not null)
                    await DisposeUnregisteredAsync(instance, scope.ServiceProvider, type);
            }
        }
        catch (Exception) when (!hasReturned)
        {
            // the job's own exception goes on
        }
    }

    static ValueTask<object?> InvokeAsync(JobRun run, Func<ValueTask<object?>> job)
    {
        foreach (var middleware in run.Services.GetServices<IJobMiddleware>().Reverse())
        {
            var next = job;
            job = () => middleware.InvokeAsync(run, next);
        }

        return job();
    }

    object?[] Bind(JobMethod method, Invocation invocation, IJobContext context)
    {
        var values = arguments.ReadAll(method, invocation);
        for (var i = 0; i < values.Length; i++)
        {
            var parameter = method.Parameters[i];
            if (parameter.ParameterType == typeof(CancellationToken))
                values[i] = context.CancellationToken;
            else if (parameter.ParameterType == typeof(IJobContext))
                values[i] = context;
        }

        return values;
    }

    string? WriteResult(object? result)
    {
        try
        {
            return arguments.WriteResult(result);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // The job has done its work: that its result cannot be stored must not make it run again.
            return arguments.WriteResult($"The result, a {result!.GetType().FullName}, cannot be written as JSON: {ExceptionInfo.MessageOf(e)}");
        }
    }

    // The container disposes what it made; an instance that ActivatorUtilities made is ours.
    static async ValueTask DisposeUnregisteredAsync(object instance, IServiceProvider scope, Type type)
    {
        if (scope.GetService<IServiceProviderIsService>()?.IsService(type) == true)
            return;
        if (instance is IAsyncDisposable asynchronous)
            await asynchronous.DisposeAsync();
        else
            (instance as IDisposable)?.Dispose();
    }
}

/// <summary>The cultures that a job was enqueued under, by name; null for none.</summary>
/// <param name="Culture">For formats.</param>
/// <param name="UICulture">For texts; null means the same as <paramref name="Culture"/>.</param>
public readonly record struct JobCultures(string? Culture, string? UICulture)
{
    /// <summary>Makes them current for the asynchronous flow that calls this.</summary>
    public void Apply()
    {
        if (Culture is null && UICulture is null)
            return;
        CultureInfo.CurrentCulture = Find(Culture) ?? CultureInfo.CurrentCulture;
        CultureInfo.CurrentUICulture = Find(UICulture ?? Culture) ?? CultureInfo.CurrentUICulture;
    }

    static CultureInfo? Find(string? name)
    {
        try
        {
            return name is null ? null : CultureInfo.GetCultureInfo(name);
        }
        catch (CultureNotFoundException)
        {
            return null; // this machine does not have it: the job runs under the worker's own
        }
    }
}

/// <summary>Holds the context of the job whose scope this is, so that its constructor can ask for <see cref="IJobContext"/>.</summary>
sealed class CurrentJob
{
    public IJobContext? Context { get; set; }

    public static void AddTo(IServiceCollection services) => services
        .AddScoped<CurrentJob>()
        .AddScoped(scope => scope.GetRequiredService<CurrentJob>().Context
            ?? throw new InvalidOperationException("IJobContext can be asked for only by a running job."));
}
