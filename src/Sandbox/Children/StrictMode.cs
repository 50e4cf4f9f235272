using System.Diagnostics;

namespace JobRunner.Sandbox;

/// <summary>
/// Starts sandboxes in namespaces of their own: no network, and no processes but their own. .NET cannot run code between fork and
/// exec, so two programs of util-linux make them: unshare, and setpriv, by which unshare ends with this process. A shell is the
/// first process in the namespace: the kernel keeps signals from the first one that it sends itself, abort() among them, and it has to
/// collect the orphans.
/// </summary>
/// <param name="Way">The command that leads into the namespaces, without the shell.</param>
/// <param name="IsPrivileged">True when the thread that starts it must keep its privileges: the command drops them.</param>
sealed record StrictMode(string[] Way, bool IsPrivileged)
{
    /// <summary>What a sandbox sees as its parent.</summary>
    public const int ParentId = 1;

    // The shell would write to the job's standard error by which signal it ended.
    const string Script = """exec 3>&2 2>/dev/null; (exec "$@" 2>&3 3>&-); exit $?""";

    const int ProbeTime = 10_000; // ms

    /// <summary>Finds out how namespaces can be made here, by making some.</summary>
    /// <exception cref="SandboxStartException">They cannot; it says what is missing.</exception>
    public static StrictMode Find()
    {
        if (!OperatingSystem.IsLinux())
            throw Impossible("only Linux has namespaces");
        if (!File.Exists(HostGuard.Shell) || Program("unshare") is not { } unshare || Program("setpriv") is not { } setpriv)
            throw Impossible($"it needs {HostGuard.Shell}, and the programs unshare and setpriv of util-linux on the PATH");
        HashSet<string> refusals = [];
        foreach (var way in Ways(unshare, setpriv))
        {
            if (Refusal(way) is not { } refusal)
                return way;
            refusals.Add(refusal);
        }

        throw Impossible($"{string.Join("; ", refusals)}. It needs user, network, process and mount namespaces and a /proc of its own; "
            + "user.max_user_namespaces, AppArmor, or a container's seccomp profile and masked /proc may forbid them");
    }

    /// <summary>Makes a command run in namespaces of its own.</summary>
    public ProcessStartInfo Wrap(ProcessStartInfo start)
    {
        string[] command = [.. Way[1..], HostGuard.Shell, "-c", Script, "jobrunner-sandbox", start.FileName, .. start.ArgumentList];
        start.FileName = Way[0];
        start.ArgumentList.Clear();
        foreach (var argument in command)
            start.ArgumentList.Add(argument);
        return start;
    }

    // Root does without a user namespace, which may be forbidden or not let it be root inside, and drops all privileges after; in a
    // user namespace other users have none to drop.
    static IEnumerable<StrictMode> Ways(string unshare, string setpriv)
    {
        string[] begin = [setpriv, "--pdeathsig", "KILL", unshare];
        string[] user = ["--user", "--map-current-user"];
        string[] others = ["--net", "--ipc", "--pid", "--fork", "--kill-child=KILL", "--mount-proc", setpriv, "--no-new-privs"];
        string[] drop = ["--bounding-set=-all", "--inh-caps=-all"];
        return Environment.IsPrivilegedProcess
            ? [new([.. begin, .. others, .. drop], true), new([.. begin, .. user, .. others, .. drop], true)]
            : [new([.. begin, .. user, .. others], false)];
    }

    static string? Refusal(StrictMode way)
    {
        using var process = Process.Start(way.Wrap(new ProcessStartInfo("true") { RedirectStandardError = true }))!;
        if (!process.WaitForExit(ProbeTime))
            process.Kill();
        process.WaitForExit();
        return process.ExitCode == 0 ? null : process.StandardError.ReadToEnd().ReplaceLineEndings(" ").Trim() is { Length: > 0 } said ? said : $"exit code {process.ExitCode}";
    }

    static string? Program(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin").Split(':')
        .Select(directory => Path.Combine(directory, name)).FirstOrDefault(File.Exists);

    static SandboxStartException Impossible(string why) => new($"JobRunner:Sandbox:Strict is set, but sandboxes cannot be strict here: {why}.");
}
