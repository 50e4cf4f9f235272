using System.Diagnostics.CodeAnalysis;

namespace JobRunner;

/// <summary>
/// When a recurring job runs: a cron expression in Hangfire's dialect, which is that of Cronos 0.11.1 (documented in that
/// project's README). Five fields (minute, hour, day of month, month, day of week), or six with the seconds first, or a macro
/// such as <c>@daily</c>. Day of month and day of week must both match, other than in Vixie's cron.
/// </summary>
public sealed partial class CronExpression
{
    readonly string _text;
    readonly CronSchedule _schedule;

    CronExpression(string text)
    {
        _text = text.Trim(CronParser.Blanks);
        _schedule = CronParser.Parse(_text);
    }

    /// <summary>Reads an expression by the grammar of Cronos 0.11.1; whether it has seconds is told by the number of its fields.</summary>
    /// <exception cref="FormatException">It is none; the message names the field, the text, the position and what may stand there.</exception>
    public static CronExpression Parse(string expression)
    {
        ArgumentNullException.ThrowIfNull(expression);
        return new CronExpression(expression);
    }

    /// <summary>Reads an expression like <see cref="Parse"/>, and returns whether it is one.</summary>
    public static bool TryParse([NotNullWhen(true)] string? expression, [NotNullWhen(true)] out CronExpression? result)
    {
        try
        {
            result = expression is null ? null : new CronExpression(expression);
        }
        catch (FormatException)
        {
            result = null;
        }
        return result is not null;
    }

    /// <summary>The expression in English, such as "At 10:15 on the last Friday of the month". The wording is ours.</summary>
    public string Describe() => CronText.Of(_schedule);

    /// <summary>The expression as it was written, without blanks around it.</summary>
    public override string ToString() => _text;
}
