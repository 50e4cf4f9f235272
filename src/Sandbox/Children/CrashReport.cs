namespace JobRunner.Sandbox;

/// <summary>
/// Tells a person why a child died. The exit code does not classify crashes of .NET: an unhandled exception, a stack
/// overflow, FailFast, a segmentation fault and abort() all end with SIGABRT; what the runtime wrote last tells them apart.
/// </summary>
static class CrashReport
{
    /// <summary>Where a shell, and Process.ExitCode, put the number of the signal.</summary>
    const int SignalBase = 128;

    const int CpuSignal = 24;

    // What the runtime writes first, and what it means.
    static readonly (string Start, EndReason Reason, string Meaning)[] RuntimeTexts =
    [
        ("Stack overflow.", EndReason.Crash, "The job overflowed the stack"),
        ("Unhandled exception. System.OutOfMemoryException", EndReason.MemoryLimit, "The job ran out of memory on a thread of its own"),
        ("Unhandled exception.", EndReason.Crash, "The job left an exception unhandled on a thread of its own"),
        ("Out of memory.", EndReason.MemoryLimit, "The job ran out of memory"),
        ("Process terminated.", EndReason.Crash, "The job ended its process by Environment.FailFast"),
        ("Fatal error.", EndReason.Crash, "The job, or native code that it called, broke the runtime"),
    ];

    /// <summary>Why a job ended whose sandbox died under it, in a sentence.</summary>
    public static (EndReason Reason, string Message) Describe(int exitCode, IReadOnlyList<string> errorLines)
    {
        if (exitCode <= SignalBase || SignalName(exitCode - SignalBase) is not { } signal)
            return (EndReason.Crash, $"The job called Environment.Exit: its sandbox ended with exit code {exitCode} before the job returned a result.");
        if (exitCode == SignalBase + CpuSignal)
            return (EndReason.CpuTimeLimit, $"The sandbox was killed by signal {signal} ({CpuSignal}): the job used more processor time than its limit.");
        foreach (var (i, line) in errorLines.Index())
            foreach (var (start, reason, meaning) in RuntimeTexts)
                if (line.StartsWith(start, StringComparison.Ordinal))
                    return (reason, $"{meaning} (the sandbox ended with {signal}): {WithNext(errorLines, i, start)}");
        return (EndReason.Crash, $"The sandbox was killed by signal {signal} ({exitCode - SignalBase}) while it ran the job.");
    }

    /// <summary>What follows the sentence: what was used, the exit code, the stacks, standard error.</summary>
    public static string Details(int exitCode, IReadOnlyList<string> errorLines, ResourceUse? use = null, string? stacks = null) => string.Join('\n',
        [
            .. use is null ? Array.Empty<string>() : [$"{use}"],
            $"Exit code: {exitCode}",
            .. stacks is null ? Array.Empty<string>() : ["Where its threads were:", stacks],
            .. errorLines.Count == 0 ? [] : errorLines.Prepend("Standard error:"),
        ]);

    // Some texts have what matters on the line after them.
    static string WithNext(IReadOnlyList<string> lines, int i, string start)
    {
        var line = lines[i].Trim();
        var next = i + 1 < lines.Count ? lines[i + 1].Trim() : "";
        var saysAll = line != start || start == "Stack overflow." || next.Length == 0 || next.StartsWith("at ", StringComparison.Ordinal);
        return saysAll ? line : $"{line} {next}";
    }

    static string? SignalName(int signal) => signal switch
    {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        15 => "SIGTERM",
        24 => "SIGXCPU",
        25 => "SIGXFSZ",
        31 => "SIGSYS",
        _ => null,
    };
}
