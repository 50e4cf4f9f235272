using Microsoft.Extensions.Options;

namespace JobRunner.Sandbox;

/// <summary>Says which setting is wrong, its value, and the rule.</summary>
sealed class SandboxOptionsValidator : IValidateOptions<SandboxOptions>
{
    public ValidateOptionsResult Validate(string? name, SandboxOptions options)
    {
        var wrong = new ValidateOptionsResultBuilder();
        Require(wrong, options.Minimum >= 0, nameof(options.Minimum), options.Minimum, "it must not be negative");
        Require(wrong, options.Maximum >= 1, nameof(options.Maximum), options.Maximum, "it must be at least 1");
        Require(wrong, options.Minimum <= options.Maximum, nameof(options.Minimum), options.Minimum,
            $"it must not be above {nameof(options.Maximum)}, which is {options.Maximum}");
        RequireLimits(wrong, "", options.TimeLimit, options.MemoryLimitMb, options.CpuTimeLimit);
        foreach (var (i, rule) in options.Rules.Index())
            RequireLimits(wrong, $"Rules:{i}:", rule.TimeLimit, rule.MemoryLimitMb, rule.CpuTimeLimit);
        RequirePositive(wrong, nameof(options.StartTimeout), options.StartTimeout);
        RequirePositive(wrong, nameof(options.IdleTimeout), options.IdleTimeout);
        RequirePositive(wrong, nameof(options.RecycleAfter), options.RecycleAfter);
        RequireNotNegative(wrong, nameof(options.CancelGrace), options.CancelGrace);
        RequireNotNegative(wrong, nameof(options.TimeLimitGrace), options.TimeLimitGrace);
        Require(wrong, options.RecycleAfterJobs >= 1, nameof(options.RecycleAfterJobs), options.RecycleAfterJobs, "it must be at least 1");
        Require(wrong, options.RecycleAboveMb >= 1, nameof(options.RecycleAboveMb), options.RecycleAboveMb, "it must be at least 1");
        Require(wrong, options.LogLimitMb >= 0, nameof(options.LogLimitMb), options.LogLimitMb, "it must not be negative");
        Require(wrong, options.MemoryRetryFactor is >= 1 and <= 100, nameof(options.MemoryRetryFactor), options.MemoryRetryFactor, "it must be from 1 to 100");
        return wrong.Build();
    }

    // Timers take no more than this.
    static readonly TimeSpan Longest = TimeSpan.FromDays(49);

    static void RequireLimits(ValidateOptionsResultBuilder wrong, string of, TimeSpan? time, int? memory, TimeSpan? cpu)
    {
        if (time is { } limit)
            RequirePositive(wrong, $"{of}{nameof(SandboxOptions.TimeLimit)}", limit);
        if (cpu is { } budget)
            RequirePositive(wrong, $"{of}{nameof(SandboxOptions.CpuTimeLimit)}", budget);
        Require(wrong, memory is null or 0 or >= 64, $"{of}{nameof(SandboxOptions.MemoryLimitMb)}", memory!, "it must be 0, for no limit, or at least 64");
    }

    static void RequirePositive(ValidateOptionsResultBuilder wrong, string key, TimeSpan value) =>
        Require(wrong, value > TimeSpan.Zero && value <= Longest, key, value, $"it must be positive and at most {Longest.Days} days");

    static void RequireNotNegative(ValidateOptionsResultBuilder wrong, string key, TimeSpan value) =>
        Require(wrong, value >= TimeSpan.Zero && value <= Longest, key, value, "it must not be negative");

    static void Require(ValidateOptionsResultBuilder wrong, bool holds, string key, object value, string rule)
    {
        if (!holds)
            wrong.AddError($"JobRunner:Sandbox:{key} is {value}: {rule}.");
    }
}
