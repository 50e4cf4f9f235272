namespace JobRunner.Sandbox;

/// <summary>What a job used, processes that it started included. Memory is looked at ten times a second, so a shorter peak may
/// be missed.</summary>
/// <param name="Elapsed">How long it ran.</param>
/// <param name="Cpu">Its processor time.</param>
/// <param name="PeakMemory">The most bytes that its sandbox was seen to hold; 0 when it ended before the first look.</param>
public sealed record ResourceUse(TimeSpan Elapsed, TimeSpan Cpu, long PeakMemory)
{
    /// <summary>As a line for people.</summary>
    public override string ToString() => FormattableString.Invariant($"Ran for {Text.Of(Elapsed)}, processor time {Text.Of(Cpu)}")
        + (PeakMemory == 0 ? "" : $", memory up to {Text.Megabytes(PeakMemory)}");
}
