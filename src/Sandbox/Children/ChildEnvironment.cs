using System.Collections;

namespace JobRunner.Sandbox;

/// <summary>The environment of a child: by allow-list, because a worker's own holds connection strings and keys.</summary>
static class ChildEnvironment
{
    static readonly string[] Allowed =
    [
        "PATH", "HOME", "USER", "LANG", "LANGUAGE", "TZ", "TZDIR", "TMPDIR", "TMP", "TEMP", "SystemRoot", "LD_LIBRARY_PATH",
        "SSL_CERT_FILE", "SSL_CERT_DIR", "DOTNET_ROOT", "DOTNET_ROOT_X64", "DOTNET_ROOT_ARM64",
        "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "DOTNET_SYSTEM_GLOBALIZATION_PREDEFINED_CULTURES_ONLY",
    ];

    // The server collector keeps a heap and a thread for each processor, in each child, and the concurrent one a thread more:
    // not worth it for one job at a time. Dumps would fill disks, with the secrets of jobs in them. The socket of the diagnostics
    // port lets other jobs in, and each sandbox that is killed would leave one behind.
    static readonly (string, string)[] Fixed =
    [
        ("DOTNET_gcServer", "0"), ("DOTNET_gcConcurrent", "0"), ("DOTNET_DbgEnableMiniDump", "0"),
        ("DOTNET_EnableDiagnostics_IPC", "0"),
    ];

    /// <summary>Replaces what a process would inherit.</summary>
    public static void Apply(IDictionary<string, string?> environment, IDictionary<string, string> configured)
    {
        environment.Clear();
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
            if (variable.Key is string name && IsAllowed(name))
                environment[name] = variable.Value as string;
        foreach (var (name, value) in Fixed)
            environment[name] = value;
        foreach (var (name, value) in configured)
            environment[name] = value;
    }

    static bool IsAllowed(string name) => Allowed.Contains(name) || name.StartsWith("LC_", StringComparison.Ordinal);
}
