using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.Loader;

namespace JobRunner;

/// <summary>Loads job assemblies that a worker was not compiled with: by path, their dependencies from beside them.</summary>
public static class JobAssemblyLoader
{
    static readonly ConcurrentDictionary<string, AssemblyDependencyResolver> _resolvers = new(StringComparer.Ordinal);

    /// <summary>Loads an assembly, by its path or, when it is among the application's own, by its name.</summary>
    /// <exception cref="JobLoadException">It is not there, or is no .NET assembly.</exception>
    public static Assembly Load(string nameOrPath)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(nameOrPath);
        try
        {
            return nameOrPath.EndsWith(".dll", StringComparison.OrdinalIgnoreCase)
                ? LoadFile(Path.GetFullPath(nameOrPath))
                : Assembly.Load(new AssemblyName(nameOrPath));
        }
        catch (Exception e) when (e is IOException or BadImageFormatException or InvalidOperationException)
        {
            throw new JobLoadException(
                $"Job assembly '{nameOrPath}' (setting JobRunner:JobAssemblies) cannot be loaded: {e.Message} " +
                "Give the path of its .dll, with its .deps.json and what it depends on beside it.", e);
        }
    }

    // By name first: where the application has the assembly among its own, the same file loaded by path would be a second
    // one, with types of its own.
    static Assembly LoadFile(string path)
    {
        var name = AssemblyName.GetAssemblyName(path);
        try
        {
            return Assembly.Load(new AssemblyName(name.Name!));
        }
        catch (FileNotFoundException)
        {
            if (_resolvers.IsEmpty)
            {
                AssemblyLoadContext.Default.Resolving += ResolveManaged;
                AssemblyLoadContext.Default.ResolvingUnmanagedDll += ResolveNative;
            }

            _resolvers.TryAdd(path, new AssemblyDependencyResolver(path));
            return AssemblyLoadContext.Default.LoadFromAssemblyPath(path);
        }
    }

    static Assembly? ResolveManaged(AssemblyLoadContext context, AssemblyName name) =>
        _resolvers.Values.Select(resolver => resolver.ResolveAssemblyToPath(name)).FirstOrDefault(path => path is not null) is { } found
            ? context.LoadFromAssemblyPath(found)
            : null;

    static IntPtr ResolveNative(Assembly assembly, string name) =>
        _resolvers.Values.Select(resolver => resolver.ResolveUnmanagedDllToPath(name)).FirstOrDefault(path => path is not null) is { } found
            ? System.Runtime.InteropServices.NativeLibrary.Load(found)
            : IntPtr.Zero;
}
