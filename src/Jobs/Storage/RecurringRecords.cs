using System.Collections.Immutable;

namespace JobRunner.Storage;

/// <summary>A recurring job as it is stored: Hangfire's hash <c>recurring-job:{id}</c>.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Fields">The fields of the hash; none when there is no such job.</param>
/// <param name="Now">The store's clock.</param>
public sealed record RecurringRow(string Id, IReadOnlyDictionary<string, string?> Fields, DateTimeOffset Now);

/// <summary>What to do with a recurring job.</summary>
/// <param name="Fields">The fields of its hash that change. When jobs are added, the store sets <c>LastJobId</c> as well.</param>
/// <param name="Score">When it is due next, in Unix seconds: its score in set <c>recurring-jobs</c>; -1 for never.</param>
/// <param name="Jobs">Jobs to add.</param>
public sealed record RecurringChange(
    IReadOnlyDictionary<string, string> Fields, double Score, IReadOnlyList<NewJob> Jobs)
{
    /// <summary>Removes the recurring job.</summary>
    public static RecurringChange Removal { get; } = new(ImmutableDictionary<string, string>.Empty, -1, []);

    /// <summary>True when jobs are added and more are due at once: those that were missed come in portions.</summary>
    public bool HasMore(DateTimeOffset now) => Jobs.Count > 0 && Score >= 0 && Score <= now.ToUnixTimeSeconds();
}

/// <summary>What a worker knows and wants when it enqueues recurring jobs.</summary>
/// <param name="CanRun">Whether this deployment knows the call. One that it does not know is left to those who do.</param>
/// <param name="Tolerance">How old an occurrence may be that is not to be made up for (<see cref="Misfire.Ignorable"/>).</param>
/// <param name="RetryDelay">When to look again at a recurring job that cannot be read.</param>
public sealed record RecurringRules(Func<Invocation, bool> CanRun, TimeSpan Tolerance, TimeSpan RetryDelay)
{
    /// <summary>The queue that a call's attributes name, or null.</summary>
    public Func<Invocation, string?> QueueOf { get; init; } = _ => null;

    /// <summary>What the worker has left to others; null to look at everything that is due.</summary>
    public RecurringMemory? Memory { get; init; }

    /// <summary>The form in which to write.</summary>
    public CompatibilityLevel Level { get; init; } = CompatibilityLevel.V180;

    /// <summary>What to do with a recurring job that is due: Hangfire's rules. Null to leave it as it is, for others. It needs
    /// nothing but its arguments, and may be called while a lock is held.</summary>
    public RecurringChange? Decide(RecurringRow row) => RecurringSchedule.Decide(row, this);

    /// <summary>What to do with one that is due when the store has refused what <see cref="Decide"/> said: it is told as its error,
    /// and tried again later. Null to leave it as it is.</summary>
    public RecurringChange? Refused(RecurringRow row, string error) => RecurringSchedule.Refused(row, this, error);
}

/// <summary>What a round over the recurring jobs did.</summary>
/// <param name="Enqueued">How many jobs were added.</param>
/// <param name="NextIn">How long until the next recurring job is due by the store's clock, or null when none is.</param>
public readonly record struct RecurringRound(int Enqueued, TimeSpan? NextIn);
