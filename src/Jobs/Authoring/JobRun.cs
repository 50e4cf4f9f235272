using System.Reflection;

namespace JobRunner;

/// <summary>One run of a job, as middleware sees it.</summary>
/// <param name="Context">The job's id, its attempt, its queue, its log.</param>
/// <param name="Type">The type that the method is called on.</param>
/// <param name="Method">The method.</param>
/// <param name="Arguments">The arguments, as the method gets them.</param>
/// <param name="Services">The services of this run.</param>
public sealed record JobRun(IJobContext Context, Type Type, MethodInfo Method, IReadOnlyList<object?> Arguments, IServiceProvider Services);
