using System.Text.RegularExpressions;

namespace JobRunner;

/// <summary>The rules for names of queues, which are Hangfire's.</summary>
public static partial class QueueName
{
    /// <summary>The queue of a job that names none.</summary>
    public const string Default = "default";

    /// <summary>Returns the name when it is one.</summary>
    /// <exception cref="ArgumentException">It is empty or has other characters than a-z, 0-9, underscore and dash.</exception>
    public static string Require(string name) =>
        Pattern().IsMatch(name)
            ? name
            : throw new ArgumentException(
                $"'{name}' is not a queue name: use lower-case letters, digits, underscores and dashes, such as 'mail-out'.", nameof(name));

    /// <summary>The queue that a job goes to: the one that the state names, but when that is <c>default</c> the one that
    /// the job itself carries.</summary>
    public static string Effective(string? stateQueue, string? ownQueue) =>
        stateQueue is null or Default ? ownQueue ?? Default : stateQueue;

    [GeneratedRegex("^[a-z0-9_-]+$")]
    private static partial Regex Pattern();
}
