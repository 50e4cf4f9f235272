using System.Diagnostics;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;

namespace JobRunner.Sandbox;

/// <summary>Starts children and brings each to the point where it is ready for a job, or dead.</summary>
sealed class SandboxStarter : IDisposable
{
    static readonly Lazy<Task> _warmUp = new(() => Task.Run(WarmUp.RunMessagesAsync));

    readonly SandboxOptions _options;
    readonly JobRunnerOptions _jobs;
    readonly TimeProvider _time;
    readonly ILogger _logger;
    readonly StrictMode? _strict;
    readonly PoolCgroup? _cgroup;
    readonly SpawnThread _thread;
    readonly SpawnThread _sandboxThread;
    readonly string _mark = SandboxMark.OfPool();
    readonly Lazy<Task<HostGuard>> _guard;
    readonly SocketDirectory _sockets = new();
    readonly Lazy<HostFiles> _files = new(HostFiles.Find);
    readonly StackReaders _stacks;
    int _last;

    public SandboxStarter(SandboxOptions options, JobRunnerOptions jobs, TimeProvider time, ILogger logger)
    {
        (_options, _jobs, _time, _logger) = (options, jobs, time, logger);
        _strict = options.Strict ? StrictMode.Find() : null;
        if (options.ProtectHost && OperatingSystem.IsLinux())
            HostProtection.Apply();
        (_cgroup, var noCgroup) = PoolCgroup.TryCreate();
        LimitsInForce = JobRunner.Sandbox.LimitsInForce.Describe(options, noCgroup);
        _thread = new SpawnThread(options.ProtectHost);
        _sandboxThread = _strict is { IsPrivileged: true } ? new SpawnThread() : _thread;
        _guard = new(() => HostGuard.StartAsync(_thread, _mark, _cgroup));
        _stacks = new StackReaders(_files, _thread, time);
    }

    /// <summary>What holds the limits here, for people.</summary>
    public string LimitsInForce { get; }

    /// <summary>A child that has said it is ready.</summary>
    /// <exception cref="SandboxStartException">It could not be started; it is dead.</exception>
    public async Task<LiveSandbox> StartAsync(CancellationToken cancellationToken)
    {
        var began = _time.GetTimestamp();
        using var listener = _sockets.Listen();
        var token = Convert.ToHexString(RandomNumberGenerator.GetBytes(32));
        var child = await SpawnAsync(CommandLine(listener.Path), token);
        _ = _warmUp.Value; // while the child starts
        using var deadline = new StartDeadline(child, _options.StartTimeout, _time, cancellationToken);
        try
        {
            var sandbox = await ConnectAsync(child, await listener.AcceptAsync(deadline.Token), token, deadline.Token);
            _logger.SandboxReady(child.Id, _time.GetElapsedTime(began).TotalMilliseconds);
            return sandbox;
        }
        catch (Exception e)
        {
            var timedOut = !child.Exited.IsCompleted && deadline.Token.IsCancellationRequested;
            child.Kill();
            throw Failure(e, timedOut, await child.Exited, child.Error.Kept.ToList());
        }
    }

    public void Dispose()
    {
        if (_guard is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
            _guard.Value.GetAwaiter().GetResult().Dispose();
        _thread.Dispose();
        if (_sandboxThread != _thread)
            _sandboxThread.Dispose();
        _sockets.Dispose();
        _cgroup?.Dispose();
    }

    async Task<ChildProcess> SpawnAsync(ProcessStartInfo start, string token)
    {
        try
        {
            var guard = await _guard.Value;
            var child = await ChildProcess.StartAsync(_sandboxThread, start, $"{_mark}-{Interlocked.Increment(ref _last)}", token, _time);
            var id = child.Id;
            guard.Add(id);
            _ = child.Exited.ContinueWith(_ => guard.Remove(id), TaskScheduler.Default);
            return child;
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or InvalidOperationException)
        {
            throw new SandboxStartException($"'{start.FileName}' could not be started: {e.Message}", e);
        }
    }

    async Task<LiveSandbox> ConnectAsync(ChildProcess child, Socket socket, string token, CancellationToken cancellationToken)
    {
        var target = new ParentTarget(token);
        var connection = new JsonRpcConnection(new SocketStream(socket), target);
        try
        {
            connection.Start();
            await target.Greeted.WaitAsync(cancellationToken);
            Confine(child);
            var ready = connection.RequestAsync(
                Wire.Initialize, Application(), WireJson.Default.InitializeParams, WireJson.Default.Done, cancellationToken);
            await ready.WaitAsync(cancellationToken);
            return new LiveSandbox(child, connection, target, _stacks, _options, _time, _logger);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    // Before it loads any code of the application.
    void Confine(ChildProcess child)
    {
        if (_strict is not null)
            child.FindInNamespace();
        child.Group = _cgroup?.TryAdd(child.Id);
        if (_cgroup is not null && child.Group is null)
            _logger.NoCgroup(child.Id, _cgroup.Directory);
    }

    InitializeParams Application() => new(
        [.. _jobs.JobAssemblies.Select(assembly => assembly.Location).Where(path => path.Length > 0)],
        [.. _jobs.Modules.Select(module => module.GetType().AssemblyQualifiedName!)]);

    ProcessStartInfo CommandLine(string socket)
    {
        var parent = _strict is null ? Environment.ProcessId : StrictMode.ParentId;
        string[] arguments = ["--socket", socket, "--parent", $"{parent}"];
        var start = _options.Program is [var program, .. var first]
            ? new ProcessStartInfo(program, [.. first, .. arguments])
            : _files.Value.Command(arguments);
        ChildEnvironment.Apply(start.Environment, _options.Environment);
        return _strict?.Wrap(start) ?? start;
    }

    SandboxStartException Failure(Exception cause, bool timedOut, int exitCode, IReadOnlyList<string> errorLines)
    {
        var what = timedOut ? $"it was not ready within {_options.StartTimeout.TotalSeconds:0.##} s (JobRunner:Sandbox:StartTimeout)"
            : cause is OperationCanceledException or RpcConnectionException ? "it ended before it was ready"
            : cause.Message;
        return new($"A sandbox could not be started: {what}\n{CrashReport.Details(exitCode, errorLines)}", cause);
    }
}
