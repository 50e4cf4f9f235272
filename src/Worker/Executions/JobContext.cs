using JobRunner.Sandbox;
using Microsoft.Extensions.Logging;

namespace JobRunner.Worker;

/// <summary>What a job in this process sees of its execution; also what a sandbox reports to.</summary>
sealed class JobContext(Execution execution, JobNotes notes) : IJobContext, ILogger, ISandboxObserver
{
    public long JobId => execution.Job.JobId;

    public int Attempt => execution.Attempt;

    public string Queue => execution.Job.Queue;

    public CancellationToken CancellationToken => execution.CancellationToken;

    public ILogger Logger => this;

    public void ReportProgress(double fraction, string? message = null) => notes.SetProgress(JobId, fraction, message);

    public void OnLog(LogLevel level, string message) => notes.Append(JobId, level, message);

    public void OnProgress(double fraction, string? message) => ReportProgress(fraction, message);

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

    void ILogger.Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        OnLog(logLevel, exception is null ? formatter(state, null) : $"{formatter(state, exception)}\n{ExceptionInfo.From(exception).Details}");
}
