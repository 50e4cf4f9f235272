namespace JobRunner;

/// <summary>An exception as data: it crosses process boundaries and is stored with a failed state.</summary>
/// <param name="Type">The full name of its type.</param>
/// <param name="Message">Its message.</param>
/// <param name="Details">Type, message, inner exceptions and stack traces, at most 100 lines, as Hangfire stores them.</param>
public sealed record ExceptionInfo(string Type, string Message, string Details)
{
    const int MaxLines = 100;

    /// <summary>Describes an exception that was thrown in this process.</summary>
    public static ExceptionInfo From(Exception exception) =>
        new(exception.GetType().FullName ?? exception.GetType().Name, exception.Message, FirstLines(DetailsOf(exception)));

    // As Hangfire writes it: an inner exception on the line of its outer one, so that the first line tells the whole story.
    static string DetailsOf(Exception exception) =>
        exception.ToString().Replace(Environment.NewLine + " ---> ", " ---> ", StringComparison.Ordinal);

    /// <summary>Keeps the first 100 lines of a text.</summary>
    public static string FirstLines(string details)
    {
        var end = -1;
        for (var line = 0; line < MaxLines; line++)
        {
            end = details.IndexOf('\n', end + 1);
            if (end < 0)
                return details;
        }

        return details[..end];
    }
}
