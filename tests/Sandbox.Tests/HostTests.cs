using System.Diagnostics;
using System.Globalization;
using JobRunner.TestSupport;

namespace JobRunner.Sandbox.Tests;

/// <summary>A whole host process: what its jobs can learn of it, and what is left when it is killed.</summary>
public sealed class HostTests
{
    const string Secret = "Password=open-sesame";

    [Fact(Timeout = 60_000)]
    public async Task A_hostile_job_finds_nothing_of_the_hosts_secrets() => (await SpyAsync("protected")).ShouldBe("");

    [Fact(Timeout = 60_000)]
    public async Task The_spy_is_good_without_protection_he_finds_them()
    {
        var found = await SpyAsync("unprotected");
        foreach (var leak in (string[])["/environ", "/cmdline", "/fd/", "the memory of", "the diagnostics port"])
            found.ShouldContain(leak);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_host_that_is_killed_takes_all_with_it()
    {
        using var host = Start("killed");
        var sandboxes = (await host.StandardOutput.ReadLineAsync())!.Split(' ').Select(id => int.Parse(id, CultureInfo.InvariantCulture)).ToList();
        var mark = $"{SandboxMark.Variable}={host.Id}-";
        await Eventually.HoldsAsync(() => ProcessList.WithVariable(mark).Count == 6);
        host.Kill();
        await host.WaitForExitAsync();
        await Eventually.HoldsAsync(() => ProcessList.WithVariable(mark).Count == 0);
        await Eventually.HoldsAsync(() => !sandboxes.Exists(ProcessList.Runs)); // a process that is ending has no environment any more
    }

    [Fact(Timeout = 60_000)]
    public async Task The_directory_of_a_killed_host_is_swept_by_the_next()
    {
        using var host = Start("killed");
        await host.StandardOutput.ReadLineAsync();
        Directories(host.Id).ShouldNotBeEmpty();
        host.Kill();
        await host.WaitForExitAsync();
        using (new SocketDirectory())
            Directories(host.Id).ShouldBeEmpty();
    }

    static string[] Directories(int process) => Directory.GetDirectories(Path.GetTempPath(), $"jobrunner-{process}-*");

    static async Task<string> SpyAsync(string how)
    {
        using var host = Start("spied-on", how, $"--JobRunner:Postgres={Secret}");
        var found = await host.StandardOutput.ReadToEndAsync();
        await host.WaitForExitAsync();
        host.ExitCode.ShouldBe(0, found);
        return found;
    }

    internal static Process Start(params string[] arguments)
    {
        var files = HostFiles.Find();
        var start = new ProcessStartInfo(files.Muxer, ["exec", typeof(HostTests).Assembly.Location, .. arguments])
        {
            RedirectStandardOutput = true,
        };
        start.Environment["SECRET"] = Secret;
        start.Environment["JobRunner__Postgres"] = Secret;
        return Process.Start(start)!;
    }
}
