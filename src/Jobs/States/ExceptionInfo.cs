namespace JobRunner;

/// <summary>An exception as data: it crosses process boundaries and is stored with a failed state.</summary>
/// <param name="Type">The full name of its type.</param>
/// <param name="Message">Its message, at most 32,000 characters; one that is cut says so.</param>
/// <param name="Details">Type, message, inner exceptions and stack traces, at most 100 lines, as Hangfire stores them, and 256,000
/// characters; a text that is cut for its length says so.</param>
/// <param name="BaseTypes">The full names of the types that its type derives from, joined by <c>;</c>, nearest first; null when they
/// are not known.</param>
public sealed record ExceptionInfo(string Type, string Message, string Details, string? BaseTypes = null)
{
    const int MaxLines = 100;

    // Long enough for any that somebody wrote: for those that are sent.
    const int MaxType = 4000;

    /// <summary>Describes an exception that was thrown in this process. It always does, whatever the exception's own properties
    /// do.</summary>
    public static ExceptionInfo From(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        var type = exception.GetType();
        return Of(type.FullName ?? type.Name, ExceptionText.MessageOf(exception), ExceptionText.DetailsOf(exception), BasesOf(type));
    }

    /// <summary>The message of an exception as <see cref="From"/> tells it.</summary>
    public static string MessageOf(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return ExceptionText.MessageOf(exception);
    }

    /// <summary>The stack trace of an exception, at most 32,000 characters; null when it has none.</summary>
    public static string? StackOf(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return ExceptionText.StackOf(exception) is { } stack ? ExceptionText.Cut(stack, ExceptionText.MaxMessage) : null;
    }

    /// <summary>One whose texts have any length: they are cut.</summary>
    public static ExceptionInfo Of(string type, string message, string details, string? baseTypes) => new(
        ExceptionText.Cut(type, MaxType), ExceptionText.Cut(message ?? "", ExceptionText.MaxMessage),
        ExceptionText.Cut(FirstLines(details), ExceptionText.MaxDetails), baseTypes is null ? null : ExceptionText.Cut(baseTypes, ExceptionText.MaxMessage));

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

    /// <summary>True when it is of that type, or of one derived from it. Where its base types are not known (its sandbox did not
    /// tell) they are those of the loaded type of that name.</summary>
    public bool IsA(string fullName) =>
        Type == fullName || (BaseTypes ?? BasesOf(Loaded(Type))).Split(';').Contains(fullName);

    static string BasesOf(Type? type)
    {
        var names = new List<string>(3);
        for (type = type?.BaseType; type is not null && type != typeof(object); type = type.BaseType)
            names.Add(type.FullName ?? type.Name);
        return string.Join(';', names);
    }

    static Type? Loaded(string name)
    {
        try
        {
            return AppDomain.CurrentDomain.GetAssemblies().Select(assembly => assembly.GetType(name))
                .FirstOrDefault(type => type is not null);
        }
        catch (Exception e) when (e is ArgumentException or IOException or TypeLoadException or BadImageFormatException)
        {
            return null; // a sandbox may send any text
        }
    }
}
