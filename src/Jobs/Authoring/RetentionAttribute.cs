namespace JobRunner;

/// <summary>
/// How long the job is kept after its end, and then removed with all that is known of it:
/// <c>[Retention(Succeeded = "1h", Failed = "30d")]</c>. On a method it wins over its class or interface, and over
/// <see cref="RetentionOptions"/>, which decide what it does not name. From a minute to ten years.
/// </summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class | AttributeTargets.Interface)]
public sealed class RetentionAttribute : Attribute
{
    /// <summary>How long after it succeeded, such as <c>"5m"</c>, <c>"2h"</c>, <c>"30d"</c> or <c>"01:30:00"</c>.</summary>
    public string? Succeeded { get; set; }

    /// <summary>How long after it was deleted.</summary>
    public string? Deleted { get; set; }

    /// <summary>How long after it failed for good; <c>"never"</c> keeps it until somebody requeues or deletes it.</summary>
    public string? Failed { get; set; }
}
