using System.Collections.Concurrent;
using System.Reflection;
using System.Reflection.Metadata;

namespace JobRunner;

/// <summary>
/// Finds the types that stored calls name, within the allowed assemblies only: whoever can write to the database must
/// not be able to call any public method of any assembly. Versions, cultures and key tokens in names are ignored, because
/// clients of other versions write theirs.
/// </summary>
public sealed class TypeResolver
{
    readonly Dictionary<string, Assembly> _jobAssemblies;
    readonly ConcurrentDictionary<string, Type> _jobTypes = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<string, Type> _dataTypes = new(StringComparer.Ordinal);

    /// <summary>Allows the given assemblies, and this one's own contract types as arguments.</summary>
    public TypeResolver(IEnumerable<Assembly> jobAssemblies)
    {
        _jobAssemblies = jobAssemblies.Distinct().ToDictionary(assembly => assembly.GetName().Name!, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>True when the name is of a type in an allowed assembly; it need not exist there.</summary>
    public bool Knows(string typeName) =>
        TypeName.TryParse(typeName, out var name) && AssemblyOf(name) is { } assembly && _jobAssemblies.ContainsKey(assembly);

    /// <summary>The type of a job: from an allowed assembly.</summary>
    /// <exception cref="JobLoadException">It is not there, or not allowed.</exception>
    public Type JobType(string typeName) => _jobTypes.GetOrAdd(typeName, static (text, self) =>
    {
        var type = self.DataType(text);
        return self.IsFromJobAssembly(type) ? type : throw NotAllowed(text);
    }, this);

    /// <summary>The type of an argument: from an allowed assembly or the base library.</summary>
    /// <exception cref="JobLoadException">It is not there, or not allowed.</exception>
    public Type DataType(string typeName) => _dataTypes.GetOrAdd(typeName, static (text, self) =>
        TypeName.TryParse(text, out var name)
            ? self.Find(name, text)
            : throw new JobLoadException($"'{text}' is not the name of a type."), this);

    internal bool IsFromJobAssembly(Type type) => _jobAssemblies.ContainsValue(type.Assembly);

    Type Find(TypeName name, string text)
    {
        if (name.IsArray)
        {
            var element = Find(name.GetElementType(), text);
            return name.IsSZArray ? element.MakeArrayType() : element.MakeArrayType(name.GetArrayRank());
        }

        if (name.IsConstructedGenericType)
        {
            var arguments = name.GetGenericArguments().Select(argument => Find(argument, text)).ToArray();
            return Find(name.GetGenericTypeDefinition(), text).MakeGenericType(arguments);
        }

        if (!name.IsSimple)
            throw new JobLoadException($"'{text}' names a pointer or a reference, which cannot be stored.");
        return FindSimple(name, text);
    }

    Type FindSimple(TypeName name, string text)
    {
        var assemblyName = AssemblyOf(name);
        if (assemblyName is not null && _jobAssemblies.TryGetValue(assemblyName, out var jobAssembly))
            return jobAssembly.GetType(name.FullName)
                ?? throw new JobLoadException($"Type '{name.FullName}' is not in assembly {jobAssembly.GetName().Name} of this worker.");
        if (typeof(TypeResolver).Assembly is var own && assemblyName == own.GetName().Name && own.GetType(name.FullName) is { } contract)
            return contract;
        if (assemblyName is null || IsBaseLibrary(assemblyName))
            return typeof(object).Assembly.GetType(name.FullName)
                ?? Type.GetType($"{name.FullName}, {assemblyName ?? "mscorlib"}")
                ?? throw new JobLoadException($"Type '{name.FullName}' is not in the base library of this worker.");
        throw NotAllowed(text);
    }

    static string? AssemblyOf(TypeName name)
    {
        while (name.AssemblyName is null && (name.IsArray || name.IsConstructedGenericType))
            name = name.IsArray ? name.GetElementType() : name.GetGenericTypeDefinition();
        return name.AssemblyName?.Name;
    }

    static bool IsBaseLibrary(string assembly) =>
        assembly is "mscorlib" or "netstandard" or "System" || assembly.StartsWith("System.", StringComparison.Ordinal);

    static JobLoadException NotAllowed(string typeName) => new(
        $"Type '{typeName}' is not in an assembly that this worker may run jobs from. " +
        "If it should be, name the assembly in the setting JobRunner:JobAssemblies, or in AddJobRunner(o => o.JobAssemblies.Add(...)).");
}
