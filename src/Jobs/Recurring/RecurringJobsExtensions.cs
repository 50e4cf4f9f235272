using System.Linq.Expressions;

namespace JobRunner;

/// <summary>The forms of <see cref="IRecurringJobs"/> that take a lambda.</summary>
public static class RecurringJobsExtensions
{
    /// <summary>Adds or changes a recurring call such as <c>() =&gt; Reports.Build(2026)</c>.</summary>
    /// <exception cref="ArgumentException">An argument makes no sense; its name says which. Nothing was written.</exception>
    public static Task AddOrUpdateAsync(
        this IRecurringJobs jobs, string id, Expression<Action> call, string cron, RecurringJobOptions? options = null,
        CancellationToken cancellationToken = default) =>
        jobs.AddOrUpdateAsync(id, JobCall.Of(call), cron, options, cancellationToken);

    /// <inheritdoc cref="AddOrUpdateAsync(IRecurringJobs, string, Expression{Action}, string, RecurringJobOptions?, CancellationToken)"/>
    public static Task AddOrUpdateAsync(
        this IRecurringJobs jobs, string id, Expression<Func<Task>> call, string cron, RecurringJobOptions? options = null,
        CancellationToken cancellationToken = default) =>
        jobs.AddOrUpdateAsync(id, JobCall.Of(call), cron, options, cancellationToken);

    /// <summary>Adds or changes a recurring call such as <c>x =&gt; x.Send(42)</c>.</summary>
    /// <exception cref="ArgumentException">An argument makes no sense; its name says which. Nothing was written.</exception>
    public static Task AddOrUpdateAsync<T>(
        this IRecurringJobs jobs, string id, Expression<Action<T>> call, string cron, RecurringJobOptions? options = null,
        CancellationToken cancellationToken = default) =>
        jobs.AddOrUpdateAsync(id, JobCall.Of(call), cron, options, cancellationToken);

    /// <inheritdoc cref="AddOrUpdateAsync{T}(IRecurringJobs, string, Expression{Action{T}}, string, RecurringJobOptions?, CancellationToken)"/>
    public static Task AddOrUpdateAsync<T>(
        this IRecurringJobs jobs, string id, Expression<Func<T, Task>> call, string cron, RecurringJobOptions? options = null,
        CancellationToken cancellationToken = default) =>
        jobs.AddOrUpdateAsync(id, JobCall.Of(call), cron, options, cancellationToken);
}
