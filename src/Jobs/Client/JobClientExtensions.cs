using System.Linq.Expressions;
using Newtonsoft.Json;

namespace JobRunner;

/// <summary>The forms of <see cref="IJobClient"/> that take a lambda, and typed results.</summary>
public static class JobClientExtensions
{
    /// <summary>Adds a call such as <c>() =&gt; Reports.Build(2026)</c>.</summary>
    /// <returns>The job's id.</returns>
    /// <exception cref="ArgumentException">The call cannot be a job; the message says why.</exception>
    public static Task<long> EnqueueAsync(this IJobClient client, Expression<Action> call, CancellationToken cancellationToken = default) =>
        client.EnqueueAsync(JobCall.Of(call), cancellationToken);

    /// <inheritdoc cref="EnqueueAsync(IJobClient, Expression{Action}, CancellationToken)"/>
    public static Task<long> EnqueueAsync(this IJobClient client, Expression<Func<Task>> call, CancellationToken cancellationToken = default) =>
        client.EnqueueAsync(JobCall.Of(call), cancellationToken);

    /// <summary>Adds a call such as <c>x =&gt; x.Send(42)</c>.</summary>
    /// <returns>The job's id.</returns>
    /// <exception cref="ArgumentException">The call cannot be a job; the message says why.</exception>
    public static Task<long> EnqueueAsync<T>(this IJobClient client, Expression<Action<T>> call, CancellationToken cancellationToken = default) =>
        client.EnqueueAsync(JobCall.Of(call), cancellationToken);

    /// <inheritdoc cref="EnqueueAsync{T}(IJobClient, Expression{Action{T}}, CancellationToken)"/>
    public static Task<long> EnqueueAsync<T>(this IJobClient client, Expression<Func<T, Task>> call, CancellationToken cancellationToken = default) =>
        client.EnqueueAsync(JobCall.Of(call), cancellationToken);

    /// <summary>Adds a call that runs after a delay.</summary>
    /// <returns>The job's id.</returns>
    /// <exception cref="ArgumentException">The call cannot be a job; the message says why.</exception>
    public static Task<long> ScheduleAsync(
        this IJobClient client, Expression<Action> call, TimeSpan delay, CancellationToken cancellationToken = default) =>
        client.ScheduleAsync(JobCall.Of(call), TimeProvider.System.GetUtcNow() + delay, cancellationToken);

    /// <inheritdoc cref="ScheduleAsync(IJobClient, Expression{Action}, TimeSpan, CancellationToken)"/>
    public static Task<long> ScheduleAsync(
        this IJobClient client, Expression<Func<Task>> call, TimeSpan delay, CancellationToken cancellationToken = default) =>
        client.ScheduleAsync(JobCall.Of(call), TimeProvider.System.GetUtcNow() + delay, cancellationToken);

    /// <inheritdoc cref="ScheduleAsync(IJobClient, Expression{Action}, TimeSpan, CancellationToken)"/>
    public static Task<long> ScheduleAsync<T>(
        this IJobClient client, Expression<Action<T>> call, TimeSpan delay, CancellationToken cancellationToken = default) =>
        client.ScheduleAsync(JobCall.Of(call), TimeProvider.System.GetUtcNow() + delay, cancellationToken);

    /// <inheritdoc cref="ScheduleAsync(IJobClient, Expression{Action}, TimeSpan, CancellationToken)"/>
    public static Task<long> ScheduleAsync<T>(
        this IJobClient client, Expression<Func<T, Task>> call, TimeSpan delay, CancellationToken cancellationToken = default) =>
        client.ScheduleAsync(JobCall.Of(call), TimeProvider.System.GetUtcNow() + delay, cancellationToken);

    /// <summary>Adds a call that runs when another job has ended, as <see cref="IJobClient.ContinueWithAsync"/> does.</summary>
    /// <returns>The new job's id.</returns>
    /// <exception cref="ArgumentException">The call cannot be a job; the message says why.</exception>
    /// <exception cref="KeyNotFoundException">There is no such other job. Nothing was added.</exception>
    public static Task<long> ContinueWithAsync(
        this IJobClient client, long parentId, Expression<Action> call,
        ContinuationOptions options = ContinuationOptions.OnlyOnSucceededState, CancellationToken cancellationToken = default) =>
        client.ContinueWithAsync(parentId, JobCall.Of(call), options, cancellationToken);

    /// <inheritdoc cref="ContinueWithAsync(IJobClient, long, Expression{Action}, ContinuationOptions, CancellationToken)"/>
    public static Task<long> ContinueWithAsync(
        this IJobClient client, long parentId, Expression<Func<Task>> call,
        ContinuationOptions options = ContinuationOptions.OnlyOnSucceededState, CancellationToken cancellationToken = default) =>
        client.ContinueWithAsync(parentId, JobCall.Of(call), options, cancellationToken);

    /// <inheritdoc cref="ContinueWithAsync(IJobClient, long, Expression{Action}, ContinuationOptions, CancellationToken)"/>
    public static Task<long> ContinueWithAsync<T>(
        this IJobClient client, long parentId, Expression<Action<T>> call,
        ContinuationOptions options = ContinuationOptions.OnlyOnSucceededState, CancellationToken cancellationToken = default) =>
        client.ContinueWithAsync(parentId, JobCall.Of(call), options, cancellationToken);

    /// <inheritdoc cref="ContinueWithAsync(IJobClient, long, Expression{Action}, ContinuationOptions, CancellationToken)"/>
    public static Task<long> ContinueWithAsync<T>(
        this IJobClient client, long parentId, Expression<Func<T, Task>> call,
        ContinuationOptions options = ContinuationOptions.OnlyOnSucceededState, CancellationToken cancellationToken = default) =>
        client.ContinueWithAsync(parentId, JobCall.Of(call), options, cancellationToken);

    /// <summary>Waits for a job's end and reads its result.</summary>
    /// <exception cref="JobFailedException">It failed for good, or was deleted.</exception>
    /// <exception cref="TimeoutException">It has not ended in time.</exception>
    public static async Task<T?> WaitAsync<T>(
        this IJobClient client, long jobId, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        await client.WaitAsync(jobId, timeout, cancellationToken) is { } json ? JsonConvert.DeserializeObject<T>(json) : default;
}
