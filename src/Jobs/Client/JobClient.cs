using System.Globalization;
using JobRunner.Storage;
using Newtonsoft.Json;

namespace JobRunner;

/// <summary>The client over any store.</summary>
sealed class JobClient(
    IJobActions actions, IJobReader reader, JobMethods methods, ArgumentSerializer arguments, JobRunnerOptions settings, TimeProvider time) : IJobClient
{
    readonly SharedAdds _adds = new(actions.AddAsync);
    readonly SharedContinuations _continuations = new(actions);
    readonly JobEndPoller _ends = new(reader, time);

    public Task<long> EnqueueAsync(JobCall call, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(call);
        return AddAsync(call, JobState.Enqueued(QueueOf(call), time.GetUtcNow()), cancellationToken);
    }

    public Task<IReadOnlyList<long>> EnqueueManyAsync(IEnumerable<JobCall> calls, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(calls);
        var now = time.GetUtcNow();
        var states = new Dictionary<string, JobState>(1);
        var parameters = CultureParameters(settings.CompatibilityLevel);
        return actions.AddAsync(calls.Select(call => new NewJob(arguments.ToInvocation(call), StateOf(call), parameters)), cancellationToken);

        // One object for all jobs of a queue: the store writes it once.
        JobState StateOf(JobCall call)
        {
            var queue = QueueOf(call);
            return states.TryGetValue(queue, out var known) ? known : states[queue] = JobState.Enqueued(queue, now);
        }
    }

    string QueueOf(JobCall call)
    {
        var policy = PolicyOf(call);
        try
        {
            return policy.QueueOf(() => call.Arguments) ?? QueueName.Default;
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            throw new ArgumentException($"{call}: its [Queue] attribute gives no queue: {e.Message}", e);
        }
    }

    JobPolicy PolicyOf(JobCall call)
    {
        try
        {
            return methods.Of(call).Policy;
        }
        catch (FormatException e)
        {
            throw new ArgumentException($"{call}: {e.Message}", e);
        }
    }

    public Task<long> ScheduleAsync(JobCall call, DateTimeOffset enqueueAt, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(call);
        return AddAsync(call, JobState.Scheduled(enqueueAt, time.GetUtcNow()), cancellationToken);
    }

    Task<long> AddAsync(JobCall call, JobState state, CancellationToken cancellationToken) => _adds.AddAsync(
        new NewJob(arguments.ToInvocation(call), state, CultureParameters(settings.CompatibilityLevel)), cancellationToken);

    public Task<long> ContinueWithAsync(
        long parentId, JobCall call, ContinuationOptions options = ContinuationOptions.OnlyOnSucceededState,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(call);
        return _continuations.AddAsync(
            parentId, ContinuationOf(parentId, call, Defined(options), CultureParameters(settings.CompatibilityLevel)), cancellationToken);
    }

    public Task<IReadOnlyList<long>> ContinueWithManyAsync(
        long parentId, IEnumerable<JobCall> calls, ContinuationOptions options = ContinuationOptions.OnlyOnSucceededState,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(calls);
        var parameters = CultureParameters(settings.CompatibilityLevel);
        return actions.AddContinuationsAsync(
            parentId, [.. calls.Select(call => ContinuationOf(parentId, call, Defined(options), parameters))], cancellationToken);
    }

    NewJob ContinuationOf(long parentId, JobCall call, ContinuationOptions options, Dictionary<string, string?> parameters) => new(
        arguments.ToInvocation(call),
        JobState.Awaiting(parentId, options, AwaitingState.NextEnqueued(QueueOf(call)), time.GetUtcNow()), parameters);

    static ContinuationOptions Defined(ContinuationOptions options) => Enum.IsDefined(options)
        ? options
        : throw new ArgumentOutOfRangeException(nameof(options), options, "It is not an option of continuations.");

    public async Task<bool> RequeueAsync(long jobId, CancellationToken cancellationToken = default) =>
        await actions.RequeueAsync([jobId], null, cancellationToken) == 1;

    public async Task<bool> DeleteAsync(long jobId, CancellationToken cancellationToken = default) =>
        await actions.DeleteAsync([jobId], null, cancellationToken) == 1;

    public Task<JobDetails?> GetAsync(long jobId, CancellationToken cancellationToken = default) =>
        reader.GetAsync(jobId, cancellationToken);

    public async Task<string?> WaitAsync(long jobId, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        ResultOf(await _ends.WaitAsync(jobId, timeout, cancellationToken));

    static string? ResultOf(JobState end) => end.Name switch
    {
        JobStates.Succeeded => end.Data.GetValueOrDefault("Result"),
        JobStates.Failed => throw new JobFailedException(EndReason.Exception, new ExceptionInfo(
            end.Data.GetValueOrDefault("ExceptionType", ""), end.Data.GetValueOrDefault("ExceptionMessage", ""),
            end.Data.GetValueOrDefault("ExceptionDetails", ""))),
        _ => throw new JobFailedException(EndReason.Cancelled,
            new ExceptionInfo(typeof(OperationCanceledException).FullName!, "The job was deleted.", end.Reason ?? "")),
    };

    // From its data compatibility level 180 on, Hangfire leaves the second one out when both cultures are the same.
    internal static Dictionary<string, string?> CultureParameters(CompatibilityLevel level)
    {
        var parameters = new Dictionary<string, string?>(2) { ["CurrentCulture"] = JsonConvert.ToString(CultureInfo.CurrentCulture.Name) };
        if (level == CompatibilityLevel.V110 || !CultureInfo.CurrentUICulture.Equals(CultureInfo.CurrentCulture))
            parameters.Add("CurrentUICulture", JsonConvert.ToString(CultureInfo.CurrentUICulture.Name));
        return parameters;
    }
}
