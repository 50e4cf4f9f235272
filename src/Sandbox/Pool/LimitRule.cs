using System.IO.Enumeration;

namespace JobRunner.Sandbox;

/// <summary>Limits for the calls that it fits: those of a queue, of a type, of a method. A rule fits when all that it names does;
/// the first that fits counts. What the call itself says, by <c>[Sandboxed]</c>, goes before; the pool's defaults come after.</summary>
public sealed class LimitRule
{
    /// <summary>The queue, or null for any.</summary>
    public string? Queue { get; set; }

    /// <summary>Type and method, such as <c>Shop.Reports.*</c> or <c>*.Render</c>, with <c>*</c> for anything; or null for any.</summary>
    public string? Method { get; set; }

    /// <summary>How long the job may run; null for the pool's limit.</summary>
    public TimeSpan? TimeLimit { get; set; }

    /// <summary>How many megabytes its sandbox may hold; null for the pool's limit.</summary>
    public int? MemoryLimitMb { get; set; }

    /// <summary>How much processor time it may use; null for the pool's limit.</summary>
    public TimeSpan? CpuTimeLimit { get; set; }

    internal bool Fits(SandboxCall call) =>
        (Queue is null || Queue == call.Queue)
        && (Method is null || FileSystemName.MatchesSimpleExpression(Method, NameOf(call.Invocation), ignoreCase: false));

    // The type's name goes on with its assembly, which patterns do not name.
    static string NameOf(Invocation invocation) => $"{invocation.Type.Split(',', 2)[0].Replace('+', '.')}.{invocation.Method}";
}
