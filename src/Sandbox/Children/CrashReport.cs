namespace JobRunner.Sandbox;

/// <summary>
/// Tells a person why a child died. The exit code does not classify crashes of .NET: an unhandled exception, a stack
/// overflow, FailFast, a segmentation fault and abort() all end with SIGABRT; what the runtime wrote last tells them apart.
/// </summary>
static class CrashReport
{
    /// <summary>Where a shell, and Process.ExitCode, put the number of the signal.</summary>
    const int SignalBase = 128;

    // What the runtime writes first, and what it means.
    static readonly (string Start, string Meaning)[] RuntimeTexts =
    [
        ("Stack overflow.", "The job overflowed the stack"),
        ("Unhandled exception.", "The job left an exception unhandled on a thread of its own"),
        ("Out of memory.", "The job ran out of memory"),
        ("Process terminated.", "The job ended its process by Environment.FailFast"),
        ("Fatal error.", "The job, or native code that it called, broke the runtime"),
    ];

    /// <summary>The end of a job whose sandbox died under it.</summary>
    public static SandboxEnd.Ended Describe(int exitCode, IReadOnlyList<string> errorLines) =>
        SandboxEnd.Of(EndReason.Crash, Message(exitCode, errorLines), Details(exitCode, errorLines));

    /// <summary>What follows the message: exit code and standard error.</summary>
    public static string Details(int exitCode, IReadOnlyList<string> errorLines) =>
        $"Exit code: {exitCode}" + (errorLines.Count == 0 ? "" : $"\nStandard error:\n{string.Join('\n', errorLines)}");

    static string Message(int exitCode, IReadOnlyList<string> errorLines)
    {
        if (exitCode <= SignalBase || SignalName(exitCode - SignalBase) is not { } signal)
            return $"The job called Environment.Exit: its sandbox ended with exit code {exitCode} before the job returned a result.";
        foreach (var (i, line) in errorLines.Index())
            foreach (var (start, meaning) in RuntimeTexts)
                if (line.StartsWith(start, StringComparison.Ordinal))
                    return $"{meaning} (the sandbox ended with {signal}): {WithNext(errorLines, i, start)}";
        return $"The sandbox was killed by signal {signal} ({exitCode - SignalBase}) while it ran the job.";
    }

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
