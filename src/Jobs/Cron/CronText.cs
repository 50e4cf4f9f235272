namespace JobRunner;

/// <summary>
/// Puts an expression into English. It reads what the fields match rather than how they are written, so that <c>0,30</c> and
/// <c>*/30</c> come out alike.
/// </summary>
static class CronText
{
    static readonly DateTime _anyYear = new(2000, 1, 1);

    public static string Of(CronSchedule schedule)
    {
        var days = CronDayText.Of(schedule);
        var times = CronTimeText.Of(schedule);
        if (days.Length == 0 && times.StartsWith("At ", StringComparison.Ordinal) && times.Contains(':', StringComparison.Ordinal))
            days = " every day";
        // From any year the search goes through the whole calendar.
        var never = schedule.AtOrAfter(_anyYear) is null ? " (never: no calendar has such a day)" : "";
        return times + days + never;
    }
}
