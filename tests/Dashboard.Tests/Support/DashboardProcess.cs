using System.Diagnostics;
using System.Text;

namespace JobRunner.Dashboard.Tests.Support;

/// <summary>The dashboard's executable in a process of its own.</summary>
sealed class DashboardProcess : IAsyncDisposable
{
    static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    readonly Process _process;
    readonly StringBuilder _output = new();

    DashboardProcess(ProcessStartInfo start)
    {
        _process = Process.Start(start)!;
        _process.OutputDataReceived += Note;
        _process.ErrorDataReceived += Note;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>All that it has written.</summary>
    public string Output
    {
        get
        {
            lock (_output)
                return _output.ToString();
        }
    }

    public static DashboardProcess Start(Dictionary<string, string> environment)
    {
        var assembly = Path.Combine(AppContext.BaseDirectory, "JobRunner.Dashboard.dll");
        var start = new ProcessStartInfo("dotnet", ["exec", assembly]) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment.Remove("JobRunner__Postgres");
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return new(start);
    }

    public async Task<int> ExitAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(_patience);
        return _process.ExitCode;
    }

    public async Task WaitUntilAsync(Func<Task<bool>> condition)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                if (await condition())
                    return;
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
            }

            if (_process.HasExited || TimeProvider.System.GetElapsedTime(started) > _patience)
                throw new InvalidOperationException("The dashboard did not start: " + Output);
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }
    }

    void Note(object sender, DataReceivedEventArgs line)
    {
        lock (_output)
            _output.AppendLine(line.Data);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
