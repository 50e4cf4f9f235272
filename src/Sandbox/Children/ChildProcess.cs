using System.Diagnostics;

namespace JobRunner.Sandbox;

/// <summary>A running child: the only code that touches its process. Its exit is watched from the first moment.</summary>
sealed class ChildProcess
{
    // A grandchild that left the process group may hold the pipes open for ever.
    static readonly TimeSpan DrainTime = TimeSpan.FromMilliseconds(200);

    static readonly TimeSpan NamespaceEndTime = TimeSpan.FromMilliseconds(500);

    readonly Process _process;
    readonly StreamWriter _input;
    readonly TimeProvider _time;
    readonly string _mark;
    bool _isInNamespace;

    ChildProcess(Process process, string mark, TimeProvider time)
    {
        _process = process;
        _input = process.StandardInput; // now: the process object is disposed once the process is gone, which may be at once
        (_time, _mark) = (time, mark);
        Id = process.Id;
        StartedAt = time.GetUtcNow();
        Output = new OutputPump(process.StandardOutput.BaseStream);
        Error = new OutputPump(process.StandardError.BaseStream);
        Exited = WatchAsync();
    }

    /// <summary>The process that runs the jobs.</summary>
    public int Id { get; private set; }

    /// <summary>What the kernel counts and kills together with it; null where there is no such thing.</summary>
    public SandboxCgroup? Group { get; set; }

    /// <summary>True once it has been killed, and before that shows.</summary>
    public bool IsKilled { get; private set; }

    public DateTimeOffset StartedAt { get; }

    public OutputPump Output { get; }

    public OutputPump Error { get; }

    /// <summary>Its exit code: ends when it is dead and reaped, its group is too, and what it wrote has been read. Never fails.</summary>
    public Task<int> Exited { get; }

    /// <summary>True as soon as it is dead, which may be a while before all that <see cref="Exited"/> waits for.</summary>
    public bool HasExited
    {
        get
        {
            try
            {
                return Exited.IsCompleted || _process.HasExited;
            }
            catch (InvalidOperationException)
            {
                return true; // it has been disposed, which is the last that is done
            }
        }
    }

    /// <summary>Starts one and gives it its only input, a line that must not be on the command line where others could read it.</summary>
    public static async Task<ChildProcess> StartAsync(SpawnThread thread, ProcessStartInfo start, string mark, string secret, TimeProvider time)
    {
        start.Environment[SandboxMark.Variable] = mark;
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.UseShellExecute = false;
        var child = new ChildProcess(await thread.StartAsync(start), mark, time);
        try
        {
            await child._input.WriteLineAsync(secret);
            child._input.Close();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // it is dead already, which its exit tells
        }

        return child;
    }

    /// <summary>In strict mode: goes on from the program that was started to the sandbox, two below it. Only once that has spoken.</summary>
    public void FindInNamespace()
    {
        var found = ProcessTree.ChildrenOf(_process.Id).SelectMany(ProcessTree.ChildrenOf).FirstOrDefault();
        if (found == 0)
            throw new SandboxStartException("it was not found in its namespace");
        (Id, _isInNamespace) = (found, true);
    }

    /// <summary>Kills it, and what it has started, at once. It may be dead already.</summary>
    public void Kill()
    {
        if (Exited.IsCompleted)
            return;
        IsKilled = true;
        KillGroups();
        if (_isInNamespace)
            _ = KillStartedLaterAsync();
        else
            KillStarted();
    }

    // In strict mode what was started passes on how the sandbox ended, and does so when all in the namespace are gone.
    async Task KillStartedLaterAsync()
    {
        await Task.WhenAny(Exited, Task.Delay(NamespaceEndTime, _time));
        if (!Exited.IsCompleted)
            KillStarted();
    }

    void KillStarted()
    {
        try
        {
            _process.Kill(); // a child that has not made its group yet
        }
        catch (InvalidOperationException)
        {
            // it has exited
        }
    }

    async Task<int> WatchAsync()
    {
        await _process.WaitForExitAsync();
        KillGroups();
        SandboxMark.KillAll(_mark);
        if (Group is not null)
            await Group.RemoveAsync(_time);
        var code = _process.ExitCode;
        await Task.WhenAny(Task.WhenAll(Output.Ended, Error.Ended), Task.Delay(DrainTime, _time));
        Output.Dispose();
        Error.Dispose();
        _process.Dispose();
        return code;
    }

    // The child leads a process group of its own from its start on.
    void KillGroups()
    {
        Group?.Kill();
        if (!OperatingSystem.IsWindows())
            Libc.Kill(-Id, Libc.SigKill);
    }
}
