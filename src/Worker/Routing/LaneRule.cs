using System.IO.Enumeration;

namespace JobRunner.Worker;

/// <summary>Sends jobs to a lane. A rule applies when all that it names fits.</summary>
public sealed class LaneRule
{
    /// <summary>The queue, or null for any.</summary>
    public string? Queue { get; set; }

    /// <summary>Type and method, such as <c>Shop.Reports.*</c> or <c>*.Render</c>, with <c>*</c> for anything; or null for any.</summary>
    public string? Method { get; set; }

    /// <summary>The lane. <see cref="LaneKind.Sandbox"/> takes the job out of the process; the other two keep it in, and which
    /// of them it is follows from the method: one that returns a task runs on the async lane.</summary>
    public LaneKind Lane { get; set; }

    internal bool Fits(string queue, JobMethod method) =>
        (Queue is null || Queue == queue)
        && (Method is null || FileSystemName.MatchesSimpleExpression(Method, $"{method.Type.FullName}.{method.Method.Name}", ignoreCase: false));
}
