using Microsoft.Extensions.Logging;

namespace JobRunner.Sandbox;

/// <summary>Sends what is logged in this process to the log of the job that runs in it.</summary>
sealed class JobLogger(ParentLink parent) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
            return;
        var message = formatter(state, exception);
        parent.Log(logLevel, exception is null ? message : $"{message}\n{ExceptionInfo.From(exception).Details}");
    }
}

/// <summary>Gives the loggers of the container the same way out. There is one job at a time, so all of them are its.</summary>
sealed class JobLoggerProvider(ParentLink parent) : ILoggerProvider
{
    readonly JobLogger _logger = new(parent);

    public ILogger CreateLogger(string categoryName) => _logger;

    public void Dispose()
    {
    }
}
