using System.Globalization;
using JobRunner.Storage;

namespace JobRunner.Dashboard.Executions;

/// <summary>Which part of the history a page shows, as its address says.</summary>
/// <param name="Day">The day, in UTC.</param>
/// <param name="Method">Only this method's executions; null for all.</param>
/// <param name="End">Only those that ended so; null for all.</param>
/// <param name="After">The last line of the page before; null for the first page.</param>
public sealed record ExecutionFilter(DateOnly Day, string? Method, ExecutionEnd? End, (DateTimeOffset EndedAt, long JobId)? After)
{
    const string DayFormat = "yyyy-MM-dd";

    /// <summary>What cannot be read counts as not given.</summary>
    public static ExecutionFilter Read(string? day, string? method, string? end, string? after, DateTimeOffset now) => new(
        DateOnly.TryParseExact(day, DayFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out var given) && given > DateOnly.MinValue && given < DateOnly.MaxValue
            ? given : DateOnly.FromDateTime(now.UtcDateTime),
        string.IsNullOrWhiteSpace(method) ? null : method,
        Enum.TryParse<ExecutionEnd>(end, ignoreCase: true, out var wanted) && Enum.IsDefined(wanted) ? wanted : null,
        ReadAfter(after));

    /// <summary>Where the day begins.</summary>
    public DateTimeOffset From => new(Day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);

    /// <summary>Where the next one begins.</summary>
    public DateTimeOffset To => From.AddDays(1);

    /// <summary>The day, such as 2026-11-21.</summary>
    public string DayText => Day.ToString(DayFormat, CultureInfo.InvariantCulture);

    /// <summary>The line after which the next page begins.</summary>
    public static (DateTimeOffset EndedAt, long JobId) KeyOf(ExecutionRecord record) => (record.EndedAt, record.JobId);

    /// <summary>The query of the address.</summary>
    public string ToQuery()
    {
        var query = $"?day={DayText}";
        if (Method is not null)
            query += $"&method={Uri.EscapeDataString(Method)}";
        if (End is { } end)
            query += $"&end={end}";
        if (After is { } after)
            query += string.Create(CultureInfo.InvariantCulture, $"&after={after.EndedAt.UtcTicks}-{after.JobId}");
        return query;
    }

    static (DateTimeOffset, long)? ReadAfter(string? text) =>
        text?.Split('-') is [var ticks, var job]
        && long.TryParse(ticks, NumberStyles.None, CultureInfo.InvariantCulture, out var at) && at <= DateTime.MaxValue.Ticks
        && long.TryParse(job, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            ? (new(at, TimeSpan.Zero), id)
            : null;
}
