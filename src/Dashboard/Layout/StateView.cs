namespace JobRunner.Dashboard.Layout;

/// <summary>How the states appear: in addresses, and in words.</summary>
static class StateView
{
    static readonly Dictionary<string, string> _bySlug = JobStates.All.ToDictionary(Slug, StringComparer.OrdinalIgnoreCase);

#pragma warning disable CA1308 // Addresses are lower-case; nothing is compared by them.
    public static string Slug(string state) => state.ToLowerInvariant();
#pragma warning restore CA1308

    public static string? FromSlug(string slug) => _bySlug.GetValueOrDefault(slug);

    /// <summary>The class that colours a state; a state that only a newer Hangfire knows gets the neutral one.</summary>
    public static string Class(string? state) => state is not null && JobStates.All.Contains(state) ? $"s-{Slug(state)}" : "s-other";

    public static string Meaning(string state) => state switch
    {
        JobStates.Enqueued => "Waiting in a queue for a worker.",
        JobStates.Scheduled => "Waiting for their time, retries among them.",
        JobStates.Awaiting => "Waiting for another job to end.",
        JobStates.Processing => "Running on a worker right now.",
        JobStates.Succeeded => "Ran to their end. They expire after a day unless configured otherwise.",
        JobStates.Failed => "Failed for good. They stay until somebody requeues or deletes them, unless configured otherwise.",
        _ => "Taken out by a person or a program. They expire after a day unless configured otherwise.",
    };
}
