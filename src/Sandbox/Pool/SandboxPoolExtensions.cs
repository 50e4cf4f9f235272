using System.Linq.Expressions;

namespace JobRunner.Sandbox;

/// <summary>Runs code in a sandbox as if it were called here:
/// <c>await pool.RunAsync(() =&gt; Primes.Count(10_000_000), token)</c>.</summary>
public static class SandboxPoolExtensions
{
    /// <summary>Runs one call of a static method.</summary>
    /// <exception cref="JobFailedException">It did not return: what it threw, or why it was ended.</exception>
    public static Task RunAsync(this ISandboxPool pool, Expression<Action> call, CancellationToken cancellationToken = default) =>
        RunAsync(pool, JobCall.Of(call), cancellationToken);

    /// <inheritdoc cref="RunAsync(ISandboxPool, Expression{Action}, CancellationToken)"/>
    public static Task RunAsync(this ISandboxPool pool, Expression<Func<Task>> call, CancellationToken cancellationToken = default) =>
        RunAsync(pool, JobCall.Of(call), cancellationToken);

    /// <summary>Runs one call of a method of <typeparamref name="T"/>.</summary>
    /// <exception cref="JobFailedException">It did not return: what it threw, or why it was ended.</exception>
    public static Task RunAsync<T>(this ISandboxPool pool, Expression<Action<T>> call, CancellationToken cancellationToken = default) =>
        RunAsync(pool, JobCall.Of(call), cancellationToken);

    /// <inheritdoc cref="RunAsync{T}(ISandboxPool, Expression{Action{T}}, CancellationToken)"/>
    public static Task RunAsync<T>(this ISandboxPool pool, Expression<Func<T, Task>> call, CancellationToken cancellationToken = default) =>
        RunAsync(pool, JobCall.Of(call), cancellationToken);

    /// <summary>Runs one call of a static method and returns its result.</summary>
    /// <exception cref="JobFailedException">It did not return: what it threw, or why it was ended.</exception>
    public static Task<TResult?> RunAsync<TResult>(
        this ISandboxPool pool, Expression<Func<TResult>> call, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(call);
        return RunAsync<TResult>(pool, JobCall.Of(Expression.Lambda<Action>(call.Body)), cancellationToken);
    }

    /// <inheritdoc cref="RunAsync{TResult}(ISandboxPool, Expression{Func{TResult}}, CancellationToken)"/>
    public static Task<TResult?> RunAsync<TResult>(
        this ISandboxPool pool, Expression<Func<Task<TResult>>> call, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(call);
        return RunAsync<TResult>(pool, JobCall.Of(Expression.Lambda<Func<Task>>(call.Body)), cancellationToken);
    }

    static async Task<string?> RunAsync(ISandboxPool pool, JobCall call, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(pool);
        return await pool.RunAsync(new SandboxCall(pool.Arguments.ToInvocation(call)), cancellationToken) switch
        {
            SandboxEnd.Ended ended => throw new JobFailedException(ended.Reason, ended.Exception),
            var end => ((SandboxEnd.Returned)end).Result,
        };
    }

    static async Task<TResult?> RunAsync<TResult>(ISandboxPool pool, JobCall call, CancellationToken cancellationToken) =>
        (TResult?)pool.Arguments.Read(await RunAsync(pool, call, cancellationToken), typeof(TResult));
}
