using System.Globalization;
using JobRunner.Sandbox.Tests.Jobs;
using JobRunner.TestSupport;

namespace JobRunner.Sandbox.Tests;

public sealed class IsolationTests : IAsyncLifetime
{
    readonly PoolHost _host = new(o => o.Environment["GIVEN"] = "yes");

    public Task InitializeAsync() => _host.Pool.StartAsync(default);

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact(Timeout = 30_000)]
    public async Task A_sandbox_never_loads_the_database_driver()
    {
        File.Exists(Path.Combine(AppContext.BaseDirectory, "Npgsql.dll")).ShouldBeTrue("the host has it, so the test means something");
        await _host.ShouldStillWorkAsync();
        var maps = await File.ReadAllTextAsync($"/proc/{Child()}/maps");
        maps.ShouldContain("JobRunner.Jobs.dll");
        maps.ShouldNotContain("Npgsql");
        maps.ShouldNotContain("JobRunner.Postgres");
    }

    [Fact(Timeout = 30_000)]
    public async Task The_environment_of_the_parent_stays_with_the_parent()
    {
        Environment.SetEnvironmentVariable("ConnectionStrings__Jobs", "Password=secret");
        await using var host = new PoolHost();
        (await host.Pool.RunAsync(() => TestJobs.Variable("ConnectionStrings__Jobs"))).ShouldBeNull();
        (await host.Pool.RunAsync(() => TestJobs.Variable("PATH"))).ShouldBe(Environment.GetEnvironmentVariable("PATH"));
        (await File.ReadAllTextAsync($"/proc/{host.Pool.Sandboxes[0].ProcessId}/environ")).ShouldNotContain("secret");
    }

    [Fact(Timeout = 30_000)]
    public async Task Configured_variables_are_given() =>
        (await _host.Pool.RunAsync(() => TestJobs.Variable("GIVEN"))).ShouldBe("yes");

    [Fact(Timeout = 30_000)]
    public async Task No_secret_is_on_the_command_line_and_no_socket_stays_in_the_file_system()
    {
        var arguments = (await File.ReadAllTextAsync($"/proc/{Child()}/cmdline")).Split('\0');
        var socket = arguments[Array.IndexOf(arguments, "--socket") + 1];
        File.Exists(socket).ShouldBeFalse();
        File.GetUnixFileMode(Path.GetDirectoryName(socket)!).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        arguments[^3..].ShouldBe(["--parent", Environment.ProcessId.ToString(CultureInfo.InvariantCulture), ""]);
    }

    [Fact(Timeout = 30_000)]
    public async Task The_socket_directory_goes_with_the_pool()
    {
        var host = new PoolHost();
        await host.Pool.StartAsync(default);
        var arguments = (await File.ReadAllTextAsync($"/proc/{host.Pool.Sandboxes[0].ProcessId}/cmdline")).Split('\0');
        var directory = Path.GetDirectoryName(arguments[Array.IndexOf(arguments, "--socket") + 1]);
        Directory.Exists(directory).ShouldBeTrue();
        await host.DisposeAsync();
        Directory.Exists(directory).ShouldBeFalse();
    }

    [Fact(Timeout = 30_000)]
    public async Task A_sandbox_gives_way_leaves_no_dump_and_has_no_input()
    {
        var process = Child();
        (await File.ReadAllTextAsync($"/proc/{process}/oom_score_adj")).Trim().ShouldBe("800");
        (await File.ReadAllTextAsync($"/proc/{process}/limits")).ShouldContain("Max core file size        0 ");
        Fields($"/proc/{process}/stat")[16].ShouldBe("10"); // nice
        foreach (var thread in Directory.GetDirectories($"/proc/{process}/task"))
            Fields($"{thread}/stat")[16].ShouldBe("10");
        Fields($"/proc/{process}/stat")[2].ShouldBe($"{process}"); // leads its process group
        (await _host.Pool.RunAsync(() => TestJobs.Input())).ShouldBeNull();
        (await _host.Pool.RunAsync(() => TestJobs.ServerCollector())).ShouldBeFalse();
    }

    [Fact(Timeout = 30_000)]
    public async Task What_a_killed_job_has_started_is_killed_with_it()
    {
        var sleeper = await _host.Pool.RunAsync(() => TestJobs.StartGrandchild());
        PoolHost.Exists(sleeper).ShouldBeTrue();
        await _host.EndOfAsync(_host.Call(() => TestJobs.Spin()) with { TimeLimit = TimeSpan.FromMilliseconds(200) });
        while (PoolHost.Exists(sleeper) && !Fields($"/proc/{sleeper}/stat")[0].StartsWith('Z'))
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
    }

    [Fact(Timeout = 60_000)]
    public async Task Sandboxes_come_and_go_without_leaving_descriptors_or_zombies()
    {
        await CrashAsync(3);
        var before = Descriptors();
        await CrashAsync(10);
        await Eventually.HoldsAsync(() => Descriptors() <= before + 2);
    }

    async Task CrashAsync(int times)
    {
        await using var host = new PoolHost(o => (o.Minimum, o.Maximum) = (0, 1));
        for (var i = 0; i < times; i++)
        {
            var process = await host.Pool.RunAsync(() => TestJobs.ProcessId());
            await host.EndOfAsync(host.Call(() => TestJobs.ExitAtOnce(1)));
            PoolHost.Exists(process).ShouldBeFalse();
        }
    }

    int Child() => _host.Pool.Sandboxes[0].ProcessId;

    static int Descriptors() => Directory.GetFiles("/proc/self/fd").Length;

    // From the state on: the name before it may contain spaces.
    static string[] Fields(string stat) => File.ReadAllText(stat).Split(") ")[^1].Split(' ');
}
