using System.Diagnostics;

namespace JobRunner.Sandbox.Tests;

/// <summary>A subtree of cgroup v2 as systemd's <c>Delegate=</c> and <c>DelegateSubgroup=</c> would make it; needs root.</summary>
sealed class DelegatedCgroup : IAsyncDisposable
{
    readonly string _top;

    DelegatedCgroup(string top) => _top = Directory.CreateDirectory(Path.Combine(top, $"jobrunnertest-{Guid.NewGuid():N}")).FullName;

    /// <summary>What pools have made in it and not removed.</summary>
    public string[] Pools => Directory.GetDirectories(_top, "jobrunner-*");

    public static DelegatedCgroup Make()
    {
        var top = CgroupMount.Find()?.Top ?? throw new IOException("no cgroup v2 is mounted");
        if (!File.ReadAllText($"{top}/cgroup.controllers").Split().Contains("memory"))
            throw new IOException($"{top} has no memory controller: this machine uses that of cgroup v1");
        File.WriteAllText($"{top}/cgroup.subtree_control", "+memory");
        return new(top);
    }

    /// <summary>Makes a group below it whose own groups can have limits of memory.</summary>
    public void Divide(string group)
    {
        File.WriteAllText($"{_top}/cgroup.subtree_control", "+memory");
        File.WriteAllText($"{Directory.CreateDirectory($"{_top}/{group}")}/cgroup.subtree_control", "+memory");
    }

    /// <summary>Starts a host process of <see cref="Program"/> in a leaf of it.</summary>
    public Process Start(params string[] arguments) => StartIn("worker", arguments);

    /// <summary>Starts one in a group somewhere below it.</summary>
    public Process StartIn(string group, params string[] arguments)
    {
        var leaf = Directory.CreateDirectory($"{_top}/{group}").FullName;
        return Process.Start(new ProcessStartInfo("sh",
            ["-c", "echo 0 > \"$0/cgroup.procs\" && exec \"$@\"", leaf, HostFiles.Find().Muxer, "exec", typeof(Program).Assembly.Location, .. arguments])
        {
            RedirectStandardOutput = true,
        })!;
    }

    // With all that runs in it.
    public async ValueTask DisposeAsync() => await new SandboxCgroup(_top).RemoveAsync(TimeProvider.System);
}

/// <summary>A test that needs a subtree of cgroup v2; where none can be made it is skipped with the reason.</summary>
sealed class CgroupFactAttribute : FactAttribute
{
    static readonly Lazy<string?> WhyNot = new(Try);

    public CgroupFactAttribute() => (Skip, Timeout) = (WhyNot.Value, 120_000);

    static string? Try()
    {
        try
        {
            DelegatedCgroup.Make().DisposeAsync().AsTask().GetAwaiter().GetResult();
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"No subtree of cgroup v2 can be made here: {e.Message}.";
        }
    }
}
