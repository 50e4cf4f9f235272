namespace JobRunner.TestSupport;

/// <summary>Jobs whose attributes say how they are retried, queued and kept apart.</summary>
public static class PolicyJobs
{
    [Retry(Attempts = 1, DelaysInSeconds = [0], OnAttemptsExceeded = AttemptsExceeded.Delete)]
    public static Task FailThenGoAsync() => throw new InvalidOperationException("gone");

    [Retry(OnlyOn = [typeof(IOException)])]
    public static Task FailAsync(bool retried) => throw (retried ? new FileNotFoundException("retried") : new TimeoutException("not retried"));

    [Retry(OnlyOn = [typeof(PolicyException)])]
    public static void FailInASandbox() => throw new DerivedPolicyException();

    [Queue("shard-{0}")]
    [Retry(DelaysInSeconds = [0])]
    public static Task<string> OnShardAsync(int shard, bool fails, IJobContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return fails && context.Attempt == 1 ? throw new InvalidOperationException("once") : Task.FromResult($"{shard}: {context.Queue}");
    }

    [DisableConcurrentExecution("gate-{0}", 60)]
    public static Task<string> ExclusiveAsync(string gate, CancellationToken cancellationToken) =>
        ScriptedJobs.WaitAtGateAsync(gate, cancellationToken);

    [DisableConcurrentExecution("alone", 60)]
    public static Task<string> AloneAsync(string gate, CancellationToken cancellationToken) =>
        ScriptedJobs.WaitAtGateAsync(gate, cancellationToken);

    [DisableConcurrentExecution("{0}", 0)]
    [Retry(Attempts = 0)]
    public static Task<string> ImpatientAsync(string resource) => Task.FromResult(resource);

    [Retention(Succeeded = "2h", Deleted = "3h", Failed = "30d")]
    [Retry(Attempts = 0)]
    public static Task KeptAsync(bool fails) => fails ? throw new InvalidOperationException("kept") : Task.CompletedTask;

    [Retention(Succeeded = "0s")]
    public static void KeptForNoTime()
    {
    }
}

public class PolicyException() : Exception("from a sandbox");

public sealed class DerivedPolicyException : PolicyException;

/// <summary>Writes its name around the job, so that a test sees the order.</summary>
public sealed class OuterMiddleware : IJobMiddleware
{
    public async ValueTask<object?> InvokeAsync(JobRun run, Func<ValueTask<object?>> next)
    {
        ArgumentNullException.ThrowIfNull(next);
        return $"outer({await next()})";
    }
}

/// <summary>As <see cref="OuterMiddleware"/>; it tells what it sees of the run, and skips a job that asks for it.</summary>
public sealed class InnerMiddleware(IJobContext context) : IJobMiddleware
{
    public async ValueTask<object?> InvokeAsync(JobRun run, Func<ValueTask<object?>> next)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(next);
        if (run.Arguments is ["skip"])
            return "skipped";
        return $"{run.Type.Name}.{run.Method.Name} {run.Context == context}: {await next()}";
    }
}

/// <summary>Registers the middleware in the worker and in its sandboxes.</summary>
public sealed class MiddlewareModule : IJobModule
{
    public void ConfigureServices(Microsoft.Extensions.DependencyInjection.IServiceCollection services) =>
        services.AddJobMiddleware<OuterMiddleware>().AddJobMiddleware<InnerMiddleware>();
}
