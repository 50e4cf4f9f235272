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
    /// <param name="Exception">What it threw, or the description of its end in the form of an exception: its details tell what it
    /// used, how its process ended, what was on its standard error, and where its threads were if it was killed for its time.</param>
    public sealed record Ended(EndReason Reason, ExceptionInfo Exception) : SandboxEnd
    {
        /// <summary>What it used, as far as it was seen; null when it never began.</summary>
        public ResourceUse? Use { get; init; }

        /// <summary>How its process ended: its exit code, or 128 and the number of the signal. Null when it lives on.</summary>
        public int? ExitCode { get; init; }
    }

    internal static Ended Of(EndReason reason, string message, string? details = null) =>
        new(reason, new ExceptionInfo(typeof(JobFailedException).FullName!, message,
            ExceptionInfo.FirstLines(string.IsNullOrEmpty(details) ? message : $"{message}\n{details}")));
}
