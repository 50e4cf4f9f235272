using System.Globalization;

namespace JobRunner;

/// <summary>The words of an exception, whatever it is like: its properties are the code of whoever wrote it. They may throw, give null or
/// a text of any length, and what goes through all its causes (as <c>ToString</c> does) overflows the stack when these are too
/// many.</summary>
static class ExceptionText
{
    public const int MaxMessage = 32_000;
    public const int MaxDetails = 256_000;

    // Deeper than anybody nests causes on purpose, and far from what a small stack holds.
    const int MaxDepth = 100;
    const int MaxCauses = 10_000;

    /// <summary>Its message; never null.</summary>
    public static string MessageOf(Exception exception) => MessageOf(exception, HasMany(exception));

    /// <summary>Type, message, causes and stack traces, as <c>ToString</c> writes them.</summary>
    public static string DetailsOf(Exception exception)
    {
        var many = HasMany(exception);
        var details = many || Chain(exception).Any(cause => MessageOf(cause, many).Length >= MaxMessage) ? null : ToStringOf(exception);
        // As Hangfire writes it: an inner exception on the line of its outer one, so that the first line tells the whole story.
        return details?.Replace(Environment.NewLine + " ---> ", " ---> ", StringComparison.Ordinal) ?? Compose(exception, many);
    }

    /// <summary>Its stack trace, or null when there is none.</summary>
    public static string? StackOf(Exception exception)
    {
        try
        {
            return exception.StackTrace;
        }
        catch (Exception e)
        {
            return $"   (its stack trace cannot be read: that threw {e.GetType().FullName})";
        }
    }

    /// <summary>The text, or its beginning and a word about how long it was.</summary>
    public static string Cut(string text, int length)
    {
        if (text.Length <= length)
            return text;
        var word = string.Create(CultureInfo.InvariantCulture, $"… (cut: it had {text.Length:N0} characters)");
        var end = length - word.Length;
        return string.Concat(text.AsSpan(0, char.IsHighSurrogate(text[end - 1]) ? end - 1 : end), word);
    }

    static string MessageOf(Exception exception, bool hasMany)
    {
        try
        {
            // Where there are many, only those that are known not to ask their causes.
            return hasMany && !HasOwnMessage(exception) ? "(its message is not read, because of its many causes)"
                : Cut(exception.Message ?? $"Exception of type '{exception.GetType().FullName}' was thrown.", MaxMessage);
        }
        catch (Exception e)
        {
            return $"(its message cannot be read: that threw {e.GetType().FullName})";
        }
    }

    static bool HasOwnMessage(Exception exception) =>
        exception is not AggregateException && exception.GetType().GetProperty(nameof(Exception.Message))?.DeclaringType?.Assembly == typeof(Exception).Assembly;

    static string? ToStringOf(Exception exception)
    {
        try
        {
            return exception.ToString() is { Length: > 0 } text ? Cut(text, MaxDetails) : null;
        }
        catch (Exception)
        {
            return null; // it is put together from what can be read
        }
    }

    // The form of Exception.ToString(), of a part of the causes when there are many.
    static string Compose(Exception exception, bool hasMany)
    {
        var causes = Chain(exception).Take(MaxDepth).ToArray();
        var heads = causes.Select(cause => $"{cause.GetType().FullName}: {MessageOf(cause, hasMany)}");
        if (causes[^1].InnerException is not null)
            heads = heads.Append("… (its causes go on)");
        var stacks = causes.Select(StackOf).Where(stack => !string.IsNullOrEmpty(stack)).Reverse();
        var between = $"{Environment.NewLine}   --- End of inner exception stack trace ---{Environment.NewLine}";
        return $"{string.Join(" ---> ", heads)}{Environment.NewLine}{string.Join(between, stacks)}".TrimEnd();
    }

    static IEnumerable<Exception> Chain(Exception exception)
    {
        for (var cause = exception; cause is not null; cause = cause.InnerException)
            yield return cause;
    }

    // Without recursion, and a bounded look: causes can be shared, and then there are more ways to them than there are causes.
    static bool HasMany(Exception exception)
    {
        var left = new Stack<(Exception Cause, int Depth)>([(exception, 1)]);
        for (var seen = 1; left.TryPop(out var next); seen++)
        {
            if (seen > MaxCauses || next.Depth > MaxDepth)
                return true;
            if (next.Cause is AggregateException several)
            {
                foreach (var cause in several.InnerExceptions)
                    left.Push((cause, next.Depth + 1));
            }
            else if (next.Cause.InnerException is { } inner)
            {
                left.Push((inner, next.Depth + 1));
            }
        }

        return false;
    }
}
