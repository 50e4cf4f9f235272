using System.Globalization;

namespace JobRunner.TestSupport;

/// <summary>Where PostgreSQL's programs are, and as whom they run: they refuse to run as root.</summary>
static class PostgresBinaries
{
    const string DebianRoot = "/usr/lib/postgresql";

    public const string Missing =
        "PostgreSQL's server programs (initdb, postgres) were not found in /usr/lib/postgresql or on the PATH. Install them " +
        "(Debian and Ubuntu: apt-get install postgresql), or name a server in JOBRUNNER_TEST_POSTGRES.";

    static readonly Lazy<string> _directory = new(Find);

    /// <summary>The user to become, or null when we are not root.</summary>
    public static string? User { get; } = !Environment.IsPrivilegedProcess ? null
        : File.ReadLines("/etc/passwd").Any(line => line.StartsWith("postgres:", StringComparison.Ordinal)) ? "postgres" : "nobody";

    public static (string File, string[] Arguments) Command(string program, params string[] arguments) =>
        As(Path.Combine(_directory.Value, program), arguments);

    /// <summary>True when the server can load this library.</summary>
    public static bool HasLibrary(string name) =>
        new[] { "lib", "lib/postgresql" }.Any(folder => File.Exists(Path.Combine(_directory.Value, "..", folder, name + ".so")));

    /// <summary>The program below a shell that runs <paramref name="script"/> with the directory and the program as arguments.</summary>
    public static (string File, string[] Arguments) Guarded(string script, string directory, string program, params string[] arguments) =>
        GuardedAt(script, directory, Path.Combine(_directory.Value, program), arguments);

    /// <summary>The same for a program that is not PostgreSQL's own.</summary>
    public static (string File, string[] Arguments) GuardedAt(string script, string directory, string file, params string[] arguments) =>
        As("sh", ["-c", script, "sh", directory, file, .. arguments]);

    static (string File, string[] Arguments) As(string file, string[] arguments) =>
        User is null ? (file, arguments) : ("runuser", ["-u", User, "--", file, .. arguments]);

    static string Find()
    {
        var installed = Directory.Exists(DebianRoot) ? Directory.GetDirectories(DebianRoot) : [];
        var newestFirst = installed
            .OrderByDescending(d => double.TryParse(Path.GetFileName(d), CultureInfo.InvariantCulture, out var version) ? version : 0)
            .Select(d => Path.Combine(d, "bin"));
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        return newestFirst.Concat(path).FirstOrDefault(d => File.Exists(Path.Combine(d, "initdb")) && File.Exists(Path.Combine(d, "postgres")))
            ?? throw new InvalidOperationException(Missing);
    }
}
