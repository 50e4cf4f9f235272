namespace JobRunner;

/// <summary>
/// Wraps every run of every job, in the worker and in sandboxes alike. Register it with
/// <c>services.AddJobMiddleware&lt;T&gt;()</c> in an <see cref="IJobModule"/>; what is registered first is outermost. It is made anew
/// for each run, in the scope of the job's own services.
/// </summary>
/// <example><code>
/// public async ValueTask&lt;object?&gt; InvokeAsync(JobRun run, Func&lt;ValueTask&lt;object?&gt;&gt; next)
/// {
///     using var span = tracer.Start(run.Method.Name);
///     return await next();
/// }
/// </code></example>
public interface IJobMiddleware
{
    /// <summary>Runs the job by calling <paramref name="next"/>, once; not calling it skips the job. What it throws fails the
    /// job.</summary>
    /// <param name="run">What runs.</param>
    /// <param name="next">The rest: further middleware, then the job's method.</param>
    /// <returns>The result of the job.</returns>
    ValueTask<object?> InvokeAsync(JobRun run, Func<ValueTask<object?>> next);
}
