using System.Reflection;
using System.Runtime.Loader;

namespace JobRunner.Sandbox;

/// <summary>Loads the assemblies and the modules of the application whose jobs run here.</summary>
static class Application
{
    public static JobRunnerOptions Load(InitializeParams application)
    {
        var options = new JobRunnerOptions();
        options.JobAssemblies.Clear(); // the entry assembly is ours here, not the application's
        foreach (var path in application.JobAssemblies)
            options.JobAssemblies.Add(LoadAssembly(path));
        foreach (var module in application.Modules)
            options.AddModule(CreateModule(module));
        return options;
    }

    // By name first: the application's own list of dependencies is this process's too, and the same file loaded by path
    // would be a second assembly with types of its own.
    static Assembly LoadAssembly(string path)
    {
        try
        {
            return Assembly.Load(new AssemblyName(Path.GetFileNameWithoutExtension(path)));
        }
        catch (FileNotFoundException)
        {
            var resolver = new AssemblyDependencyResolver(path);
            AssemblyLoadContext.Default.Resolving += (context, name) =>
                resolver.ResolveAssemblyToPath(name) is { } found ? context.LoadFromAssemblyPath(found) : null;
            return AssemblyLoadContext.Default.LoadFromAssemblyPath(path);
        }
    }

    static IJobModule CreateModule(string typeName)
    {
        try
        {
            return (IJobModule)Activator.CreateInstance(Type.GetType(typeName, throwOnError: true)!)!;
        }
        catch (Exception e)
        {
            var cause = (e as TargetInvocationException)?.InnerException ?? e;
            throw new InvalidOperationException($"The job module '{typeName}' cannot be created in a sandbox: {cause.Message}", e);
        }
    }
}
