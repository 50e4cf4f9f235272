using System.Diagnostics;
using System.Text;

namespace JobRunner.Dashboard.Tests.Support;

/// <summary>The dashboard's executable in a process of its own.</summary>
sealed class DashboardProcess : IAsyncDisposable
{
    static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    readonly Process _process;
    readonly StringBuilder _errors = new();

    DashboardProcess(ProcessStartInfo start)
    {
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, _) => { };
        _process.ErrorDataReceived += (_, line) =>
        {
            lock (_errors)
                _errors.AppendLine(line.Data);
        };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Errors
    {
        get
        {
            lock (_errors)
                return _errors.ToString();
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
                throw new InvalidOperationException("The dashboard did not start: " + Errors);
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
