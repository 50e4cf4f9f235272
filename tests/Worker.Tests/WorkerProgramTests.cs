using System.Diagnostics;
using JobRunner.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Shop.Contracts;

namespace JobRunner.Worker.Tests;

/// <summary>The executable, as people deploy it: PostgreSQL behind it, and jobs from an assembly that it was not built with.</summary>
public sealed class WorkerProgramTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    static string JobAssembly => typeof(StaticJobs).Assembly.Location;

    IJobClient Client { get; } = NewClient(postgres.ConnectionString);

    [Fact(Timeout = 120_000)]
    public async Task It_runs_jobs_of_an_assembly_named_in_its_settings_in_both_lanes()
    {
        await using var worker = Program.Start(postgres.ConnectionString, JobAssembly);

        var inProcess = await Client.EnqueueAsync(() => StaticJobs.EchoAsync("async"));
        var sandboxed = await Client.EnqueueAsync(() => StaticJobs.Echo("sync"));

        (await Client.WaitAsync<string>(inProcess, _patience)).ShouldBe("async", worker.Output);
        (await Client.WaitAsync<string>(sandboxed, _patience)).ShouldBe("sync", worker.Output);
        (await Program.RunAsync(["health"], postgres.ConnectionString)).ShouldBe((0, "healthy"));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_terminated_worker_stops_gracefully_and_gives_its_job_back()
    {
        var worker = Program.Start(postgres.ConnectionString, JobAssembly, ("JobRunner__Worker__ShutdownGrace", "00:00:00"));
        var id = await Client.EnqueueAsync(() => StaticJobs.Sleep(600_000, default));
        await Eventually.HoldsAsync(async () => (await Client.GetAsync(id))!.State!.Name == "Processing", _patience);

        (await worker.TerminateAsync()).ShouldBe(0, worker.Output);

        worker.Output.ShouldContain("Stopped");
        (await Client.GetAsync(id))!.Parameters.Keys.ShouldNotContain("RetryCount");
        await using var next = Program.Start(postgres.ConnectionString, JobAssembly);
        await Eventually.HoldsAsync(async () => (await Client.GetAsync(id))!.History.Count(state => state.Name == "Processing") == 2, _patience);
        await Client.DeleteAsync(id);
    }

    [Fact(Timeout = 120_000)]
    public async Task The_jobs_of_a_worker_that_was_killed_run_elsewhere()
    {
        (string, string)[] quick =
        [
            ("JobRunner__Worker__RescueAfter", "00:00:02"), ("JobRunner__Worker__HeartbeatInterval", "00:00:00.5"),
            ("JobRunner__Worker__LeaseInterval", "00:00:00.5"),
        ];
        var killed = Program.Start(postgres.ConnectionString, JobAssembly, quick);
        var id = await Client.EnqueueAsync(() => StaticJobs.Sleep(1500, default));
        await Eventually.HoldsAsync(async () => (await Client.GetAsync(id))!.State!.Name == "Processing", _patience);

        await killed.DisposeAsync(); // kill -9

        await using var next = Program.Start(postgres.ConnectionString, JobAssembly, quick);
        await Client.WaitAsync(id, _patience);
        (await Client.GetAsync(id))!.History.Count(state => state.Name == "Succeeded").ShouldBe(1);
    }

    [Theory(Timeout = 60_000)]
    [InlineData(null, null, "JobRunner__Postgres")]
    [InlineData("Host=127.0.0.1;Port=1;Username=nobody;Database=none;Timeout=2", null, "cannot start")]
    [InlineData("Host=127.0.0.1", "/no/such/Jobs.dll", "'/no/such/Jobs.dll' (setting JobRunner:JobAssemblies)")]
    public async Task What_keeps_it_from_starting_is_told_in_a_sentence(string? connectionString, string? assembly, string told)
    {
        (string, string)[] settings = assembly is null ? [] : [("JobRunner__JobAssemblies__0", assembly)];
        var (exitCode, output) = await Program.RunAsync([], connectionString, settings);

        exitCode.ShouldBe(1, output);
        output.ShouldContain(told);
        output.ShouldNotContain("   at ");
    }

    static IJobClient NewClient(string connectionString)
    {
        var services = new ServiceCollection();
        services.AddJobRunner().UsePostgres(connectionString);
        var provider = services.BuildServiceProvider();
        provider.GetRequiredService<Storage.IJobStore>().InitializeAsync(default).GetAwaiter().GetResult();
        return provider.GetRequiredService<IJobClient>();
    }

    sealed class Program : IAsyncDisposable
    {
        readonly Process _process;
        readonly RecordedOutput _output;

        Program(Process process)
        {
            _process = process;
            _output = new RecordedOutput(process);
        }

        public string Output => _output.Text;

        public static Program Start(string connectionString, string assembly, params (string, string)[] settings) =>
            new(Start([], connectionString, [.. settings, ("JobRunner__JobAssemblies__0", assembly)]));

        public static async Task<(int ExitCode, string Output)> RunAsync(
            string[] arguments, string? connectionString, params (string, string)[] settings)
        {
            await using var program = new Program(Start(arguments, connectionString, settings));
            await program._process.WaitForExitAsync().WaitAsync(_patience);
            return (program._process.ExitCode, program.Output.Trim());
        }

        public async Task<int> TerminateAsync()
        {
            using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
            await _process.WaitForExitAsync().WaitAsync(_patience);
            return _process.ExitCode;
        }

        public async ValueTask DisposeAsync()
        {
            if (!_process.HasExited)
                _process.Kill();
            await _process.WaitForExitAsync();
        }

        static Process Start(string[] arguments, string? connectionString, (string Name, string Value)[] settings)
        {
            var configuration = AppContext.BaseDirectory.Contains("release", StringComparison.OrdinalIgnoreCase) ? "release" : "debug";
            var program = Repo.PathOf("artifacts", "bin", "JobRunner.Worker", configuration, "JobRunner.Worker.dll");
            var start = new ProcessStartInfo("dotnet", [program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
            if (connectionString is not null)
                start.Environment["JobRunner__Postgres"] = connectionString;
            foreach (var (name, value) in settings)
                start.Environment[name] = value;
            return Process.Start(start)!;
        }
    }

    /// <summary>What a process wrote so far.</summary>
    sealed class RecordedOutput
    {
        readonly Lock _lock = new();
        readonly System.Text.StringBuilder _text = new();

        public RecordedOutput(Process process)
        {
            process.OutputDataReceived += Add;
            process.ErrorDataReceived += Add;
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
        }

        public string Text
        {
            get
            {
                lock (_lock)
                    return _text.ToString();
            }
        }

        void Add(object sender, DataReceivedEventArgs line)
        {
            lock (_lock)
                _text.AppendLine(line.Data);
        }
    }
}
