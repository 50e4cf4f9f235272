using JobRunner.TestSupport;

namespace JobRunner.Sandbox.Tests;

public sealed class CgroupTests
{
    [CgroupFact]
    public async Task The_kernel_bounds_and_ends_what_no_watchdog_finds()
    {
        await using var cgroup = DelegatedCgroup.Make();
        using var host = cgroup.Start("grouped");
        var lines = (await host.StandardOutput.ReadToEndAsync()).Split('\n');
        await host.WaitForExitAsync();
        lines[0].ShouldContain("by heap limit, cgroup, RLIMIT_DATA and watchdog");
        lines[1].ShouldStartWith("MemoryLimit, ");
        lines[2].ShouldBe("MemoryLimit, 128 MB: The job used more memory than its limit of 128 MB, and was killed by the kernel.");
        lines[3].ShouldBe("0 left");
        cgroup.Pools.ShouldBeEmpty();
    }

    [CgroupFact]
    public async Task A_host_that_is_killed_takes_those_with_it_that_hide_and_the_next_one_sweeps_its_group()
    {
        await using var cgroup = DelegatedCgroup.Make();
        using var host = cgroup.Start("killed", "hidden");
        await host.StandardOutput.ReadLineAsync();
        await Eventually.HoldsAsync(() => ProcessList.Count($"sleep 7{host.Id}") == 1);
        host.Kill();
        await host.WaitForExitAsync();
        await Eventually.HoldsAsync(() => ProcessList.Count($"sleep 7{host.Id}") == 0);
        cgroup.Pools.ShouldHaveSingleItem();
        using var next = cgroup.Start("killed");
        await next.StandardOutput.ReadLineAsync();
        cgroup.Pools.ShouldHaveSingleItem().ShouldContain($"jobrunner-{next.Id}-");
        next.Kill();
        await next.WaitForExitAsync();
    }

    [CgroupFact]
    public async Task A_host_in_a_group_of_systemds_is_not_moved_and_does_without()
    {
        await using var cgroup = DelegatedCgroup.Make();
        cgroup.Divide("system.slice");
        using var host = cgroup.StartIn("system.slice/jobs.service", "grouped");
        (await host.StandardOutput.ReadLineAsync())!.ShouldContain("/system.slice/jobs.service itself, this one perhaps");
        host.Kill();
        await host.WaitForExitAsync();
    }

    [Fact]
    public void Without_one_the_limits_in_force_say_why()
    {
        var (group, whyNot) = PoolCgroup.TryCreate();
        group?.Dispose();
        LimitsInForce.Describe(new SandboxOptions(), whyNot).ShouldContain(group is null ? $"watchdog (no cgroup: {whyNot})" : "cgroup, RLIMIT_DATA");
        (group is null).ShouldBe(whyNot.Length > 0);
    }

    [Theory]
    [InlineData("/", "/", "/sys/fs/cgroup", "/sys/fs/cgroup")] // the root, of the machine or of a container's namespace
    [InlineData("/worker", "/", "/sys/fs/cgroup", "/sys/fs/cgroup")] // a leaf below it
    [InlineData("/system.slice/jobs.service/worker", "/", "/sys/fs/cgroup", "/sys/fs/cgroup/system.slice/jobs.service")] // DelegateSubgroup=worker
    [InlineData("/system.slice/jobs.service", "/", "/sys/fs/cgroup", "/sys/fs/cgroup/system.slice/jobs.service")] // the slice is systemd's
    [InlineData("/docker/1a/worker", "/docker/1a", "/cg", "/cg")] // a container without a namespace for it
    [InlineData("/../other", "/", "/sys/fs/cgroup", null)]
    [InlineData("/other", "/docker/1a", "/sys/fs/cgroup", null)]
    public void Groups_are_made_beside_the_host(string path, string root, string top, string? where) =>
        CgroupMount.Of(path, root, top)?.Candidates.ShouldHaveSingleItem().ShouldBe(where);
}
