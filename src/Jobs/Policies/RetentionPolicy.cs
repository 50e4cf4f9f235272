using System.Globalization;

namespace JobRunner;

/// <summary>What <see cref="RetentionAttribute"/> says.</summary>
/// <param name="Succeeded">How long a job is kept that succeeded; null when it is not said.</param>
/// <param name="Deleted">How long a deleted one.</param>
/// <param name="Failed">How long a failed one; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
public sealed record RetentionPolicy(TimeSpan? Succeeded, TimeSpan? Deleted, TimeSpan? Failed)
{
    const string Never = "never";

    /// <exception cref="FormatException">A value is no duration, or out of bounds.</exception>
    internal static RetentionPolicy? Read(DeclaredAttribute? attribute) => attribute is null ? null : new(
        Span(attribute, nameof(Succeeded)), Span(attribute, nameof(Deleted)),
        attribute.Get<string>(nameof(Failed)) == Never ? Timeout.InfiniteTimeSpan : Span(attribute, nameof(Failed)));

    static TimeSpan? Span(DeclaredAttribute attribute, string name)
    {
        if (attribute.Get<string>(name) is not { } text)
            return null;
        try
        {
            var span = Duration.Parse(text);
            return IsInBounds(span) ? span : throw new FormatException(Bounds);
        }
        catch (FormatException e)
        {
            throw new FormatException($"[Retention({name} = \"{text}\")] does not say how long the job is to be kept: {e.Message}", e);
        }
    }

    internal static bool IsInBounds(TimeSpan span) => span >= RetentionOptions.Shortest && span <= RetentionOptions.Longest;

    internal static string Bounds { get; } = string.Create(CultureInfo.InvariantCulture,
        $"it must be between {RetentionOptions.Shortest} and {RetentionOptions.Longest.Days} days.");
}
