using Microsoft.Extensions.Options;

namespace JobRunner.Sandbox;

/// <summary>Says which setting is wrong, its value, and the rule.</summary>
sealed class SandboxOptionsValidator : IValidateOptions<SandboxOptions>
{
    public ValidateOptionsResult Validate(string? name, SandboxOptions options)
    {
        var wrong = new ValidateOptionsResultBuilder();
        if (options.Minimum < 0)
            wrong.AddError(Message(nameof(options.Minimum), options.Minimum, "it must not be negative"));
        if (options.Maximum < 1)
            wrong.AddError(Message(nameof(options.Maximum), options.Maximum, "it must be at least 1"));
        if (options.Minimum > options.Maximum)
            wrong.AddError(Message(nameof(options.Minimum), options.Minimum,
                $"it must not be above {nameof(options.Maximum)}, which is {options.Maximum}"));
        RequirePositive(wrong, nameof(options.TimeLimit), options.TimeLimit);
        RequirePositive(wrong, nameof(options.StartTimeout), options.StartTimeout);
        RequirePositive(wrong, nameof(options.IdleTimeout), options.IdleTimeout);
        if (options.CancelGrace < TimeSpan.Zero)
            wrong.AddError(Message(nameof(options.CancelGrace), options.CancelGrace, "it must not be negative"));
        return wrong.Build();
    }

    // Timers take no more than this.
    static readonly TimeSpan Longest = TimeSpan.FromDays(49);

    static void RequirePositive(ValidateOptionsResultBuilder wrong, string key, TimeSpan value)
    {
        if (value <= TimeSpan.Zero || value > Longest)
            wrong.AddError(Message(key, value, $"it must be positive and at most {Longest.Days} days"));
    }

    static string Message(string key, object value, string rule) => $"JobRunner:Sandbox:{key} is {value}: {rule}.";
}
