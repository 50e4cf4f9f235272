using System.Reflection;

namespace JobRunner.Sandbox;

/// <summary>Loads the assemblies and the modules of the application whose jobs run here.</summary>
static class Application
{
    public static JobRunnerOptions Load(InitializeParams application)
    {
        var options = new JobRunnerOptions();
        options.JobAssemblies.Clear(); // the entry assembly is ours here, not the application's
        foreach (var path in application.JobAssemblies)
            options.JobAssemblies.Add(JobAssemblyLoader.Load(path));
        foreach (var module in application.Modules)
            options.AddModule(CreateModule(module));
        return options;
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
