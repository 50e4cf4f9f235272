namespace JobRunner;

/// <summary>How pages call a job. Hangfire's own <c>[JobDisplayName]</c> is understood as well.</summary>
/// <param name="displayName">The name; <c>{0}</c> stands for the first argument of the call, and so on: <c>"Order {0}"</c>.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class JobDisplayNameAttribute(string displayName) : Attribute
{
    /// <summary>The name, with places for arguments.</summary>
    public string DisplayName => displayName;
}
