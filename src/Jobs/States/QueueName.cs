using System.Text.RegularExpressions;

namespace JobRunner;

/// <summary>The rules for names of queues, which are Hangfire's.</summary>
public static partial class QueueName
{
    /// <summary>The queue of a job that names none.</summary>
    public const string Default = "default";

    // Names are in indexes, which take 2,700 bytes.
    const int MaxLength = 1000;

    /// <summary>Returns the name when it is one.</summary>
    /// <exception cref="ArgumentException">It is empty, has other characters than a-z, 0-9, underscore and dash, or more than 1,000.</exception>
    public static string Require(string name) =>
        IsOne(name)
            ? name
            : throw new ArgumentException(
                $"'{name}' is not a queue name: use lower-case letters, digits, underscores and dashes, at most 1,000, such as 'mail-out'.", nameof(name));

    /// <summary>True for a name of a queue.</summary>
    internal static bool IsOne(string name) => Pattern().IsMatch(name) && name.Length <= MaxLength;

    /// <summary>The queue that a job goes to: the one that the state names, but when that is <c>default</c> the one that
    /// the job itself carries.</summary>
    public static string Effective(string? stateQueue, string? ownQueue) =>
        stateQueue is null or Default ? ownQueue ?? Default : stateQueue;

    [GeneratedRegex(@"^[a-z0-9_-]+\z")]
    private static partial Regex Pattern();
}
