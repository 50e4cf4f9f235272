using System.Reflection;
using Newtonsoft.Json;

namespace JobRunner;

/// <summary>What clients and workers share.</summary>
public sealed class JobRunnerOptions
{
    /// <summary>The assemblies whose public methods may run as jobs. The default is the application's own (its entry
    /// assembly). Whatever the database names outside of them is refused.</summary>
    public ISet<Assembly> JobAssemblies { get; } =
        Assembly.GetEntryAssembly() is { } entry ? new HashSet<Assembly> { entry } : new HashSet<Assembly>();

    /// <summary>The modules that register the services of jobs, in the worker and in its sandboxes alike.</summary>
    public IList<IJobModule> Modules { get; } = [];

    /// <summary>How long ended jobs are kept that are ended or deleted by this application: its workers, clients and dashboard.</summary>
    public RetentionOptions Retention { get; } = new();

    /// <summary>The JSON settings for arguments and results; null (the default) for Hangfire's recommended ones
    /// (at level 110, Newtonsoft's plain ones when writing). Give the same as Hangfire's clients have.</summary>
    public JsonSerializerSettings? ArgumentSettings { get; set; }

    /// <summary>The form in which this application writes. Default <see cref="CompatibilityLevel.V180"/>. Set it in a module
    /// (<see cref="IJobModule.Configure"/>), like the JSON settings, if results from sandboxes are to have it too.</summary>
    public CompatibilityLevel CompatibilityLevel { get; set; } = CompatibilityLevel.V180;

    /// <summary>Allows the jobs of an assembly and adds the modules in it (public classes that implement <see cref="IJobModule"/>).</summary>
    public JobRunnerOptions AddAssembly(Assembly assembly)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        JobAssemblies.Add(assembly);
        foreach (var type in PublicTypes(assembly).Where(type => type.IsAssignableTo(typeof(IJobModule)) && type is { IsAbstract: false, IsInterface: false }))
        {
            if (Modules.All(module => module.GetType() != type))
                AddModule((IJobModule)Activator.CreateInstance(type)!);
        }

        return this;
    }

    /// <summary>Adds a module, and its assembly to those that may run jobs.</summary>
    public JobRunnerOptions AddModule<T>() where T : IJobModule, new() => AddModule(new T());

    /// <summary>Adds a module that was found by reflection. Its type needs a public constructor without parameters.</summary>
    public JobRunnerOptions AddModule(IJobModule module)
    {
        ArgumentNullException.ThrowIfNull(module);
        Modules.Add(module);
        JobAssemblies.Add(module.GetType().Assembly);
        module.Configure(this);
        return this;
    }

    // A type that derives from one of an absent assembly (a filter of Hangfire's) cannot be loaded, and is no module of ours.
    static IEnumerable<Type> PublicTypes(Assembly assembly)
    {
        try
        {
            return assembly.GetTypes().Where(type => type.IsVisible);
        }
        catch (ReflectionTypeLoadException e)
        {
            return e.Types.OfType<Type>().Where(type => type.IsVisible);
        }
    }
}

/// <summary>Hangfire's data compatibility levels: how jobs are written. All of them are read, whichever is set.</summary>
public enum CompatibilityLevel
{
    /// <summary>What Hangfire writes when nothing is configured: full type names, dates as text, Newtonsoft's plain settings. For a
    /// store whose Hangfire servers are older than 1.8, or lack <c>UseSimpleAssemblyNameTypeSerializer</c>.</summary>
    V110 = 110,

    /// <summary>What Hangfire's documentation recommends: short type names, dates as numbers, the recommended JSON settings.</summary>
    V180 = 180,
}
