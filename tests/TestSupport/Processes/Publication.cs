using System.Diagnostics;

namespace JobRunner.TestSupport;

/// <summary>What <c>dotnet publish</c> makes of a project, in a temporary directory. Nothing is built for it: the build of the tests is published.</summary>
public sealed class Publication : IDisposable
{
    static readonly TimeSpan _patience = TimeSpan.FromMinutes(4);

    readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("jobrunner-publish-");

    Publication()
    {
    }

    /// <summary>Publishes as the tests were built: framework-dependent, without building anything.</summary>
    /// <param name="project">The directory of the project, from the root of the repository.</param>
    public static Task<Publication> OfAsync(params string[] project) => OfAsync(project, ["--no-build"]);

    /// <summary>Publishes ReadyToRun code, which takes a build for this platform; it is kept beside the other one.</summary>
    /// <param name="project">The directory of the project, from the root of the repository.</param>
    public static Task<Publication> ReadyToRunOfAsync(params string[] project) => OfAsync(project,
        ["--use-current-runtime", "--no-self-contained", "-p:PublishReadyToRun=true", "-p:UseSharedCompilation=false", "-p:ArtifactsPath=" + Repo.PathOf("artifacts", "ready-to-run")]);

    /// <summary>Starts a published program.</summary>
    public ProductProcess Start(string name, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null) =>
        ProductProcess.StartFile(PathOf(name + ".dll"), arguments, environment);

    public string PathOf(params string[] parts) => Path.Combine([_directory.FullName, .. parts]);

    public void Dispose() => _directory.Delete(recursive: true);

    static async Task<Publication> OfAsync(string[] project, string[] how)
    {
        var publication = new Publication();
        try
        {
            await publication.RunAsync(["publish", Repo.PathOf(project), "--configuration", ProductProcess.Configuration,
                "--output", publication._directory.FullName, "--nologo", "--verbosity", "quiet", "-nodeReuse:false", .. how]);
            return publication;
        }
        catch
        {
            publication.Dispose();
            throw;
        }
    }

    async Task RunAsync(string[] arguments)
    {
        // Compilers would take the processors from the tests beside them, some of which watch the clock.
        using var process = Process.Start(new ProcessStartInfo("nice", ["dotnet", .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = _directory.FullName,
        })!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync();
            var errors = process.StandardError.ReadToEndAsync();
            await process.WaitForExitAsync().WaitAsync(_patience);
            if (process.ExitCode != 0)
                throw new InvalidOperationException($"dotnet {string.Join(' ', arguments)} ended with {process.ExitCode}: {await output}{await errors}");
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }
}
