using Microsoft.Extensions.Logging;

namespace JobRunner.Sandbox;

/// <summary>One child, from its first message to its death. It runs one call at a time; the pool sees to that.</summary>
sealed class LiveSandbox
{
    // A child that hangs up must also die, and one that dies must also hang up; this is how long the other has.
    static readonly TimeSpan PartingTime = TimeSpan.FromSeconds(2);

    readonly ChildProcess _process;
    readonly JsonRpcConnection _connection;
    readonly ParentTarget _target;
    readonly SandboxOptions _options;
    readonly TimeProvider _time;
    readonly ILogger _logger;
    volatile SandboxRun? _run;
    string? _hungUp;
    int _jobsRun;

    public LiveSandbox(
        ChildProcess process, JsonRpcConnection connection, Task reading, ParentTarget target,
        SandboxOptions options, TimeProvider time, ILogger logger)
    {
        (_process, _connection, _target, _options, _time, _logger) = (process, connection, target, options, time, logger);
        IdleSince = time.GetUtcNow();
        Ended = WatchAsync(reading);
    }

    /// <summary>Its exit code, when it is dead and nothing of it is left. Never fails.</summary>
    public Task<int> Ended { get; }

    public bool IsAlive => _connection.End is null && !IsKilled && !_process.Exited.IsCompleted;

    /// <summary>True when it was we who ended it.</summary>
    public bool IsKilled => _process.IsKilled;

    /// <summary>What it wrote to its standard error since the last job ended.</summary>
    public IReadOnlyList<string> ErrorLines => _process.Error.Kept.ToList();

    public DateTimeOffset IdleSince { get; private set; }

    public SandboxInfo Info =>
        new(_process.Id, _run is null ? SandboxState.Idle : SandboxState.Busy, _run?.Call.JobId, _jobsRun, _process.StartedAt);

    public async Task<SandboxEnd> RunAsync(SandboxCall call, CancellationToken cancellationToken)
    {
        using var run = new SandboxRun(call, _process, _options, _time, _logger, cancellationToken);
        Begin(run);
        try
        {
            var result = await _connection.RequestAsync(
                Wire.Run, Parameters(call, _jobsRun), WireJson.Default.RunParams, WireJson.Default.RunResult, cancellationToken);
            return new SandboxEnd.Returned(result?.Result);
        }
        catch (RpcException e)
        {
            return ErrorEnd(e, cancellationToken);
        }
        catch (RpcMessageTooLargeException e)
        {
            return new SandboxEnd.Ended(EndReason.Exception, ExceptionInfo.From(e));
        }
        catch (RpcConnectionException)
        {
            return await LostAsync(run);
        }
        finally
        {
            End();
        }
    }

    /// <summary>Ends the child; a job that runs in it ends for that reason.</summary>
    public async Task StopAsync(EndReason reason, string because)
    {
        _run?.Kill(reason, because);
        _process.Kill();
        await Ended;
    }

    void Begin(SandboxRun run)
    {
        _jobsRun++;
        _run = run;
        _target.Run = run;
        _process.Output.Listen(line => run.OnLog(LogLevel.Information, line));
        _process.Error.Listen(line => run.OnLog(LogLevel.Warning, line));
    }

    void End()
    {
        _process.Output.Listen(null);
        _process.Error.Listen(null);
        _target.Run = null;
        _run = null;
        IdleSince = _time.GetUtcNow();
    }

    static RunParams Parameters(SandboxCall call, int token) => new(
        call.JobId, call.Attempt, call.Queue, call.Invocation.Type, call.Invocation.Method, call.Invocation.ParameterTypes,
        call.Invocation.Arguments, call.Cultures.Culture, call.Cultures.UICulture, token);

    static SandboxEnd.Ended ErrorEnd(RpcException error, CancellationToken cancellationToken) =>
        error.Code == RpcErrorCodes.RequestCanceled && cancellationToken.IsCancellationRequested
            ? SandboxEnd.Of(EndReason.Cancelled, "The job was cancelled.")
            : error.Data is { } data ? new(EndReason.Exception, data.ToExceptionInfo(error.Message))
            : SandboxEnd.Of(EndReason.Exception, error.Message);

    async Task<SandboxEnd> LostAsync(SandboxRun run)
    {
        var code = await Ended;
        return run.Killed
            ?? (_hungUp is null
                ? CrashReport.Describe(code, ErrorLines)
                : SandboxEnd.Of(EndReason.Crash, _hungUp, CrashReport.Details(code, ErrorLines)));
    }

    async Task<int> WatchAsync(Task reading)
    {
        await Task.WhenAny(reading, _process.Exited);
        await Task.WhenAny(Task.WhenAll(reading, _process.Exited), Task.Delay(PartingTime, _time));
        if (!_process.Exited.IsCompleted)
            _hungUp = $"The sandbox was killed because its connection was lost: {_connection.End?.Message}";
        _process.Kill();
        var code = await _process.Exited;
        _connection.Dispose();
        await reading;
        return code;
    }
}
