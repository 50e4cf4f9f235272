using Microsoft.Extensions.Logging;

namespace JobRunner.Sandbox;

/// <summary>One child, from its first message to its death. It runs one call at a time; the pool sees to that.</summary>
sealed class LiveSandbox
{
    // One that dies must also hang up, and one that hangs up must also die: its connection is closed on the way out, and where processors are short
    // the rest of the way takes a while.
    static readonly TimeSpan PartingTime = TimeSpan.FromMilliseconds(500);
    static readonly TimeSpan DyingTime = TimeSpan.FromSeconds(3);

    // What a job leaves behind matters to the next one; a shorter job cannot leave much.
    static readonly TimeSpan WorthALook = TimeSpan.FromMilliseconds(5);

    readonly ChildProcess _process;
    readonly JsonRpcConnection _connection;
    readonly ParentTarget _target;
    readonly StackReaders _stacks;
    readonly ResourceMeter _meter;
    readonly KernelLimits _kernel;
    readonly SandboxOptions _options;
    readonly TimeProvider _time;
    readonly ILogger _logger;
    volatile SandboxRun? _run;
    string? _hungUp;
    string? _harmed;
    int _jobsRun;

    public LiveSandbox(
        ChildProcess process, JsonRpcConnection connection, ParentTarget target, StackReaders stacks,
        SandboxOptions options, TimeProvider time, ILogger logger)
    {
        (_process, _connection, _target, _stacks, _options, _time, _logger) = (process, connection, target, stacks, options, time, logger);
        (_meter, _kernel) = (new ResourceMeter(process.Id, process.Group, time), new KernelLimits(process.Id, process.Group));
        IdleSince = time.GetUtcNow();
        Ended = WatchAsync();
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

    /// <summary>Why it should run no more jobs; null while it may.</summary>
    public string? Spent =>
        _harmed
        ?? (_jobsRun >= _options.RecycleAfterJobs ? $"it has run {_jobsRun:N0} jobs"
        : _time.GetUtcNow() - _process.StartedAt >= _options.RecycleAfter ? $"it is older than {Text.Of(_options.RecycleAfter)}"
        : _meter.Memory > _options.RecycleAboveMb * 1024L * 1024 && HoldsTooMuch() ? $"it holds {Text.Megabytes(_meter.Memory)} of memory"
        : null);

    /// <summary>False when jobs before have left so much behind that this one could be killed for it.</summary>
    public bool HasRoomFor(SandboxCall call)
    {
        if (_jobsRun == 0 || RunLimits.Of(call, _options).Memory is not (> 0 and var limit) || _meter.Memory <= limit / 2)
            return true;
        _meter.Look();
        return _meter.Memory <= limit / 2;
    }

    public async Task<SandboxEnd> RunAsync(SandboxCall call, CancellationToken cancellationToken)
    {
        var limits = RunLimits.Of(call, _options);
        using var run = new SandboxRun(call, limits, _process, _meter, _stacks, _options, _time, _logger, cancellationToken)
        {
            Token = _jobsRun + 1,
        };
        Begin(run, limits);
        try
        {
            var result = await _connection.RequestAsync(
                Wire.Run, Parameters(call, run.Token, limits, RunLog.LimitOf(_options.LogLimitMb)), WireJson.Default.RunParams, WireJson.Default.RunResult, run.Soft);
            return new SandboxEnd.Returned(result?.Result);
        }
        catch (RpcException e)
        {
            return ErrorEnd(e, run, cancellationToken) with { Use = _meter.Use };
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

    /// <summary>Looks what it uses, and kills it if its job uses too much.</summary>
    public void Look()
    {
        _meter.Look();
        _run?.Check();
    }

    /// <summary>Ends the child; a job that runs in it ends for that reason.</summary>
    public async Task StopAsync(EndReason reason, string because)
    {
        _run?.Kill(reason, because);
        _process.Kill();
        await Ended;
    }

    void Begin(SandboxRun run, RunLimits limits)
    {
        _jobsRun++;
        _kernel.Apply(limits);
        _meter.Begin();
        _run = run;
        _target.Run = run;
        _process.Output.Listen(line => run.Log.OnLog(LogLevel.Information, line));
        _process.Error.Listen(line => run.Log.OnLog(LogLevel.Warning, line));
    }

    void End()
    {
        _process.Output.Listen(null);
        _process.Error.Listen(null);
        _target.Run = null;
        _run = null;
        if (_meter.Use.Elapsed > WorthALook)
            _meter.Look();
        IdleSince = _time.GetUtcNow();
    }

    // What was seen last may be what the job has given back by now.
    bool HoldsTooMuch()
    {
        _meter.Look();
        return _meter.Memory > _options.RecycleAboveMb * 1024L * 1024;
    }

    static RunParams Parameters(SandboxCall call, long token, RunLimits limits, long logLimit) => new(
        call.JobId, call.Attempt, call.Queue, call.Invocation.Type, call.Invocation.Method, call.Invocation.ParameterTypes,
        call.Invocation.Arguments, call.Cultures.Culture, call.Cultures.UICulture, token, limits.Memory, logLimit);

    SandboxEnd.Ended ErrorEnd(RpcException error, SandboxRun run, CancellationToken cancellationToken)
    {
        var info = error.Data?.ToExceptionInfo(error.Message);
        if (error.Code == RpcErrorCodes.RequestCanceled && cancellationToken.IsCancellationRequested)
            return SandboxEnd.Of(EndReason.Cancelled, "The job was cancelled.");
        if (run.TimeIsUp)
            return SandboxEnd.Of(EndReason.TimeLimit, $"{run.TimeLimitMessage} and ended when it was told so.", info?.Details);
        if (info is null)
            return SandboxEnd.Of(EndReason.Exception, error.Message);
        if (error.Data!.Chain.Any(data => data.Type == typeof(OutOfMemoryException).FullName))
        {
            _harmed = "a job ran out of memory in it";
            return new(EndReason.MemoryLimit, info);
        }

        return new(EndReason.Exception, info);
    }

    async Task<SandboxEnd> LostAsync(SandboxRun run)
    {
        var elapsed = _meter.Use.Elapsed;
        var code = await Ended;
        _meter.LookAtPeak();
        var use = _meter.Use with { Elapsed = elapsed };
        var (reason, message) = run.Killed is { } killed ? (killed.Reason, killed.Because)
            : _process.Group is { RanOutOfMemory: true } ? (EndReason.MemoryLimit, $"{run.MemoryLimitMessage}, and was killed by the kernel.")
            : _hungUp is not null ? (EndReason.Crash, _hungUp)
            : CrashReport.Describe(code, ErrorLines);
        return SandboxEnd.Of(reason, message, CrashReport.Details(code, ErrorLines, use, run.Killed?.Stacks)) with { Use = use, ExitCode = code };
    }

    async Task<int> WatchAsync()
    {
        await Task.WhenAny(_connection.Ended, _process.Exited);
        await Task.WhenAny(Task.WhenAll(_connection.Ended, _process.Exited), Task.Delay(_process.HasExited ? PartingTime : DyingTime, _time));
        if (!_process.HasExited)
            _hungUp = $"The sandbox was killed because its connection was lost: {_connection.End?.Message}";
        _process.Kill();
        var code = await _process.Exited;
        _connection.Dispose();
        await _connection.Ended;
        return code;
    }
}
