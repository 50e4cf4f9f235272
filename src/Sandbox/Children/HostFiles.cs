using System.Diagnostics;
using System.Runtime.InteropServices;

namespace JobRunner.Sandbox;

/// <summary>
/// Where the parts of a sandbox's command line are. The child is run with the dependency set of this very application, so
/// that a job finds the same assemblies in it as in here, and with its runtime configuration, because a web application
/// takes a part of its assemblies from a shared framework that only that file names.
/// </summary>
/// <param name="Muxer">The dotnet executable.</param>
/// <param name="SandboxAssembly">JobRunner.Sandbox.dll.</param>
/// <param name="DepsFile">The application's list of dependencies; null if it has none.</param>
/// <param name="RuntimeConfig">The application's runtime configuration, else the sandbox's own.</param>
sealed record HostFiles(string Muxer, string SandboxAssembly, string? DepsFile, string RuntimeConfig)
{
    const string Dll = "JobRunner.Sandbox.dll";

    public static HostFiles Find()
    {
        var assembly = FindSandboxAssembly();
        var depsFile = FindDepsFile();
        return new(FindMuxer(), assembly, depsFile, FindRuntimeConfig(assembly, depsFile));
    }

    /// <summary>The command that starts the sandbox program.</summary>
    public ProcessStartInfo Command(params string[] arguments)
    {
        string[] dependencies = DepsFile is null ? [] : ["--depsfile", DepsFile];
        return new(Muxer, ["exec", "--runtimeconfig", RuntimeConfig, .. dependencies, SandboxAssembly, .. arguments])
        {
            WorkingDirectory = Environment.CurrentDirectory,
        };
    }

    static string FindSandboxAssembly()
    {
        string[] candidates = [LocationOf(typeof(HostFiles)), Path.Combine(AppContext.BaseDirectory, Dll)];
        return FirstExisting(candidates)
            ?? throw new SandboxStartException(
                $"{Dll} was not found. Looked for: {Join(candidates)}. Sandboxes need it as a file; a single-file application cannot start them yet.");
    }

    // Under a test runner the entry assembly is the runner; the runtime's own list has the file of the real application first.
    static string? FindDepsFile()
    {
        var listed = (AppContext.GetData("APP_CONTEXT_DEPS_FILES") as string ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries);
        var byName = Path.Combine(AppContext.BaseDirectory, $"{System.Reflection.Assembly.GetEntryAssembly()?.GetName().Name}.deps.json");
        return FirstExisting([.. listed.Where(file => !IsOfSharedFramework(file)), byName]);
    }

    static bool IsOfSharedFramework(string depsFile) => Path.GetFileName(depsFile)
        is "Microsoft.NETCore.App.deps.json" or "Microsoft.AspNetCore.App.deps.json" or "Microsoft.WindowsDesktop.App.deps.json";

    static string FindRuntimeConfig(string assembly, string? depsFile)
    {
        string[] candidates =
        [
            .. depsFile is null ? Array.Empty<string>() : [depsFile[..^".deps.json".Length] + ".runtimeconfig.json"],
            Path.ChangeExtension(assembly, ".runtimeconfig.json"),
        ];
        return FirstExisting(candidates)
            ?? throw new SandboxStartException($"No runtime configuration was found. Looked for: {Join(candidates)}.");
    }

    static string FindMuxer()
    {
        var name = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        var process = Environment.ProcessPath ?? "";
        string[] candidates =
        [
            .. Path.GetFileName(process) == name ? [process] : Array.Empty<string>(),
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "",
            // <root>/shared/Microsoft.NETCore.App/<version>/
            Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", name)),
            Path.Combine(Environment.GetEnvironmentVariable("DOTNET_ROOT") ?? "/", name),
        ];
        return FirstExisting(candidates)
            ?? throw new SandboxStartException(
                $"The dotnet executable was not found. Looked for: {Join(candidates)}. Set DOTNET_HOST_PATH to it.");
    }

    static string LocationOf(Type type) => type.Assembly.ManifestModule.FullyQualifiedName;

    static string? FirstExisting(string[] candidates) => Array.Find(candidates, File.Exists);

    static string Join(string[] candidates) => string.Join(", ", candidates.Where(candidate => candidate.Length > 0).Distinct());
}
