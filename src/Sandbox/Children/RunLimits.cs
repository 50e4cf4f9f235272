namespace JobRunner.Sandbox;

/// <summary>What bounds one run.</summary>
/// <param name="Time">How long it may take.</param>
/// <param name="Memory">How many bytes its sandbox may hold; 0 for any.</param>
/// <param name="Cpu">How much processor time it may use; null for any.</param>
readonly record struct RunLimits(TimeSpan Time, long Memory, TimeSpan? Cpu)
{
    // Below this a sandbox that has nothing to do would be over its limit.
    const int LeastMemoryMb = 64;

    public static RunLimits Of(SandboxCall call, SandboxOptions options)
    {
        var rule = options.Rules.Count == 0 ? null : options.Rules.FirstOrDefault(rule => rule.Fits(call));
        var memory = call.MemoryLimitMb ?? rule?.MemoryLimitMb ?? options.MemoryLimitMb;
        return new(
            call.TimeLimit ?? rule?.TimeLimit ?? options.TimeLimit,
            memory == 0 ? 0 : Math.Max(memory, LeastMemoryMb) * 1024L * 1024,
            call.CpuTimeLimit ?? rule?.CpuTimeLimit ?? options.CpuTimeLimit);
    }
}
