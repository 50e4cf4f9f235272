using System.Diagnostics;

namespace JobRunner.Sandbox;

/// <summary>Starts the readers of stacks: processes that look into a sandbox from outside, so that neither a sandbox that hangs
/// nor what a job has done to its memory can hold up or harm this process.</summary>
sealed class StackReaders(Lazy<HostFiles> files, SpawnThread thread, TimeProvider time)
{
    /// <summary>One that gets ready to read the stacks of a process. Never fails: then there are none.</summary>
    public StackReader Start(int processId) => new(StartAsync(processId), time);

    async Task<Process> StartAsync(int processId)
    {
        var start = files.Value.Command("--stacks", $"{processId}");
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        ChildEnvironment.Apply(start.Environment, new Dictionary<string, string>());
        return await thread.StartAsync(start);
    }
}

/// <summary>A reader of one process's stacks.</summary>
sealed class StackReader(Task<Process> starting, TimeProvider time) : IAsyncDisposable
{
    /// <summary>The managed stacks, as text; null when they could not be had in time.</summary>
    public async Task<string?> ReadAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadAsync().WaitAsync(limit, time, cancellationToken);
        }
        catch (Exception e) when (e is TimeoutException or IOException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return null; // the job's end matters more than where it was
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            using var process = await starting;
            // Disposing of the process leaves the pipes of its streams to the finalizer. And not the writer: it would write what it has
            // left to a process that may be gone, fail, and leave the others open.
            await using (process.StandardInput.BaseStream)
            using (process.StandardOutput)
            using (process.StandardError)
                process.Kill();
            await process.WaitForExitAsync();
        }
        catch (Exception e) when (e is InvalidOperationException or IOException or SandboxStartException or System.ComponentModel.Win32Exception)
        {
            // it could not be started
        }
    }

    async Task<string?> ReadAsync()
    {
        var process = await starting;
        var errors = process.StandardError.ReadLineAsync();
        await process.StandardInput.WriteLineAsync();
        await process.StandardInput.FlushAsync();
        return await process.StandardOutput.ReadToEndAsync() is { Length: > 0 } text ? text.TrimEnd() : await errors;
    }
}
