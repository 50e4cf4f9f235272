using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace JobRunner.TestSupport;

/// <summary>An executable of ours (a worker, a dashboard, a sample), as people run it: in a process of its own.</summary>
public sealed class ProductProcess : IAsyncDisposable
{
    static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    readonly Process _process;
    readonly StringBuilder _output = new();

    ProductProcess(ProcessStartInfo start)
    {
        _process = Process.Start(start)!;
        _process.OutputDataReceived += Note;
        _process.ErrorDataReceived += Note;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>The configuration of the tests, as builds name it.</summary>
    public static string Configuration { get; } = AppContext.BaseDirectory.Contains("release", StringComparison.OrdinalIgnoreCase) ? "Release" : "Debug";

    public int Id => _process.Id;

    /// <summary>All that it has written.</summary>
    public string Output
    {
        get
        {
            lock (_output)
                return _output.ToString();
        }
    }

    /// <param name="project">The name of the project, such as <c>JobRunner.Worker</c>; built in the configuration of the tests.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">Variables to set; the test's own database variable is taken away.</param>
    public static ProductProcess Start(string project, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null) =>
        StartFile(PathOf(project), arguments, environment);

    /// <summary>Where the build of the tests has put an executable.</summary>
    public static string PathOf(string project) => Repo.PathOf("artifacts", "bin", project, Configuration.ToLowerInvariant(), project + ".dll");

    /// <param name="program">The file.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">Variables to set; the test's own database variable is taken away.</param>
    public static ProductProcess StartFile(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo("dotnet", [program, .. arguments])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            WorkingDirectory = Path.GetDirectoryName(program)!,
        };
        start.Environment.Remove("JobRunner__Postgres");
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        return new(start);
    }

    /// <summary>A port of this machine on which nothing listens.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Waits for its own end.</summary>
    public async Task<int> ExitAsync(TimeSpan? limit = null)
    {
        await _process.WaitForExitAsync().WaitAsync(limit ?? _patience);
        return _process.ExitCode;
    }

    /// <summary>Waits until a condition holds; fails when the process ends first.</summary>
    public async Task WaitUntilAsync(Func<Task<bool>> condition) => await Eventually.HoldsAsync(
        async () => _process.HasExited
            ? throw new InvalidOperationException($"It has ended with {_process.ExitCode}: {Output}")
            : await HoldsAsync(condition),
        _patience, "the process does what is waited for");

    /// <summary>Asks it to stop, as <c>docker stop</c> does, and waits for its end.</summary>
    public async Task<int> TerminateAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        return await ExitAsync();
    }

    /// <summary>Kills it without warning, if it still runs.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
    }

    static async Task<bool> HoldsAsync(Func<Task<bool>> condition)
    {
        try
        {
            return await condition();
        }
        catch (HttpRequestException)
        {
            return false; // it does not listen yet
        }
    }

    void Note(object sender, DataReceivedEventArgs line)
    {
        lock (_output)
            _output.AppendLine(line.Data);
    }
}
