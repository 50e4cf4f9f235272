using System.Diagnostics;
using System.Text;

namespace JobRunner.Sandbox;

/// <summary>
/// Ends what sandboxes have started when this process is killed. The sandboxes themselves die with it by the parent-death signal;
/// but that is for them alone, and takes them so fast that they cannot end anybody else. So a small shell waits on a pipe that
/// only this process holds. Where there is no shell, there is little that a job could have started.
/// </summary>
sealed class HostGuard : IDisposable
{
    public const string Shell = "/bin/sh";

    // Ignores what a terminal sends to all. At the end of its input it kills the groups of the sandboxes that live then, and after
    // them, until none is left, whoever has detached himself from his group and still has the mark.
    const string Script = """
        trap '' HUP INT QUIT TERM
        groups=' '
        while read -r what group; do
          case $what in
            +) groups="$groups$group " ;;
            -) groups="${groups%% $group *} ${groups#* $group }" ;;
          esac
        done
        [ "$2" ] && echo 1 > "$2/cgroup.kill"
        for group in $groups; do kill -9 -- "-$group"; done
        for round in 1 2 3 4 5; do
          found=
          for file in $(grep -lsaF "$1" /proc/[0-9]*/environ); do
            process=${file#/proc/}; process=${process%/environ}
            kill -9 "$process" && found=yes
          done
          [ "$found" ] || break
        done
        """;

    readonly Lock _lock = new();
    readonly Process? _shell;
    readonly Stream? _input; // without the writer's buffer, which would be written once more at the end

    HostGuard(Process? shell) => (_shell, _input) = (shell, shell?.StandardInput.BaseStream);

    /// <summary>Starts it. Never fails: without it, what jobs started outlives a kill of this process.</summary>
    public static async Task<HostGuard> StartAsync(SpawnThread thread, string mark, PoolCgroup? cgroup)
    {
        try
        {
            var start = new ProcessStartInfo(Shell, ["-c", Script, "jobrunner-guard", mark, cgroup?.Directory ?? ""])
            {
                RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
            };
            ChildEnvironment.Apply(start.Environment, new Dictionary<string, string>());
            return new(OperatingSystem.IsWindows() || !File.Exists(Shell) ? null : await thread.StartAsync(start));
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return new(null);
        }
    }

    public void Add(int group) => Tell($"+ {group}");

    public void Remove(int group) => Tell($"- {group}");

    public void Dispose()
    {
        if (_shell is null)
            return;
        _shell.Kill(); // before its input ends: there is nothing left to kill
        _shell.StandardOutput.Dispose();
        _shell.StandardError.Dispose();
        lock (_lock)
            _input!.Dispose();
        _shell.Dispose();
    }

    void Tell(string line)
    {
        try
        {
            lock (_lock)
                _input?.Write(Encoding.ASCII.GetBytes(line + "\n"));
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // it has ended, by us or by somebody else: see StartAsync
        }
    }
}
