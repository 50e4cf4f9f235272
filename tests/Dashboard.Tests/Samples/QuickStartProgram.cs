using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using JobRunner.TestSupport;

namespace JobRunner.Dashboard.Tests;

/// <summary>The sample, run as a newcomer runs it: as a process of its own.</summary>
sealed class QuickStartProgram : IAsyncDisposable
{
    readonly Process _process;
    readonly Task<string> _output;
    readonly Task<string> _errors;

    QuickStartProgram(string url, Process process)
    {
        Url = url;
        _process = process;
        _output = process.StandardOutput.ReadToEndAsync();
        _errors = process.StandardError.ReadToEndAsync();
    }

    public string Url { get; }

    public static QuickStartProgram Start(params string[] switches)
    {
        var configuration = AppContext.BaseDirectory.Contains("release", StringComparison.OrdinalIgnoreCase) ? "release" : "debug";
        var program = Repo.PathOf("artifacts", "bin", "QuickStart", configuration, "QuickStart.dll");
        var url = $"http://127.0.0.1:{FreePort()}";
        var start = new ProcessStartInfo("dotnet", [program, "--url", url, .. switches])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetDirectoryName(program)!,
        };
        return new(url, Process.Start(start)!);
    }

    /// <summary>Waits for the program's own end.</summary>
    public async Task<(int ExitCode, string Output)> EndAsync(TimeSpan limit)
    {
        await _process.WaitForExitAsync().WaitAsync(limit);
        return (_process.ExitCode, await _output + await _errors);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
