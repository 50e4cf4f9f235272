namespace JobRunner.Sandbox;

/// <summary>How a call ended: <see cref="Returned"/> or <see cref="Ended"/>.</summary>
public abstract record SandboxEnd
{
    SandboxEnd()
    {
    }

    /// <summary>The job returned.</summary>
    /// <param name="Result">Its result as JSON, or null when there is none.</param>
    public sealed record Returned(string? Result) : SandboxEnd;

    /// <summary>The job did not return.</summary>
    /// <param name="Reason">Why.</param>
    /// <param name="Exception">What it threw, or the description of its end in the form of an exception.</param>
    public sealed record Ended(EndReason Reason, ExceptionInfo Exception) : SandboxEnd;

    internal static Ended Of(EndReason reason, string message, string? details = null) =>
        new(reason, new ExceptionInfo(typeof(JobFailedException).FullName!, message, details is null ? message : $"{message}\n{details}"));
}
