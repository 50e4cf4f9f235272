using System.Diagnostics;
using System.IO.Pipes;

namespace JobRunner.Sandbox.Tests;

/// <summary>A reader of stacks that died, or that is not done in time, leaves no pipe open.</summary>
public sealed class StackReaderTests
{
    [Theory(Timeout = 30_000)]
    [InlineData("exit 1", true)]
    [InlineData("cat >/dev/null; exec sleep 600", true)]
    [InlineData("exec sleep 600", false)]
    public async Task Its_pipes_are_closed_with_it(string script, bool asked)
    {
        using var process = Process.Start(new ProcessStartInfo("sh", ["-c", script])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        Stream[] streams = [process.StandardInput.BaseStream, process.StandardOutput.BaseStream, process.StandardError.BaseStream];
        var pipes = streams.Cast<PipeStream>().Select(pipe => pipe.SafePipeHandle).ToArray();
        if (script == "exit 1")
            await process.WaitForExitAsync();
        var reader = new StackReader(Task.FromResult(process), TimeProvider.System);

        if (asked)
            (await reader.ReadAsync(TimeSpan.FromMilliseconds(300), default)).ShouldBeNull();
        await reader.DisposeAsync();

        pipes.ShouldAllBe(pipe => pipe.IsClosed);
    }
}
