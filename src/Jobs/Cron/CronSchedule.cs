namespace JobRunner;

/// <summary>
/// An expression taken apart, searched in local time. A month is one word of matching days, so that each field moves by
/// bit scans and nothing is tried second by second.
/// It is an interval when seconds, minutes or hours repeat (<c>*</c>, a range or a step), which decides what happens when the
/// clock is set back.
/// </summary>
sealed record CronSchedule(
    CronSet Seconds, CronSet Minutes, CronSet Hours, CronDayOfMonth DayOfMonth, CronSet Months, CronDayOfWeek DayOfWeek, bool IsInterval)
{
    // The Gregorian calendar repeats every 400 years, weekdays included: what has not come by then never comes.
    const int MonthsOfCalendar = 400 * 12;

    readonly long _firstTime = Ticks(Hours.First, Minutes.First, Seconds.First);
    readonly long _lastTime = Ticks(Hours.Last, Minutes.Last, Seconds.Last);

    /// <summary>The first match that is not before the given whole second, or null.</summary>
    public DateTime? AtOrAfter(DateTime local)
    {
        var day = DayAtOrAfter(local.Year, local.Month, local.Day);
        if (day != local.Date)
            return day?.AddTicks(_firstTime);
        return TimeAtOrAfter(local.Hour, local.Minute, local.Second) is >= 0 and var time
            ? day?.AddTicks(time)
            : DayAtOrAfter(local.Year, local.Month, local.Day + 1)?.AddTicks(_firstTime);
    }

    /// <summary>The last match that is not after the given whole second, or null.</summary>
    public DateTime? AtOrBefore(DateTime local)
    {
        var day = DayAtOrBefore(local.Year, local.Month, local.Day);
        if (day != local.Date)
            return day?.AddTicks(_lastTime);
        return TimeAtOrBefore(local.Hour, local.Minute, local.Second) is >= 0 and var time
            ? day?.AddTicks(time)
            : DayAtOrBefore(local.Year, local.Month, local.Day - 1)?.AddTicks(_lastTime);
    }

    // The day may lie one beyond the month, which no month contains.
    DateTime? DayAtOrAfter(int year, int month, int day)
    {
        for (var months = 0; months <= MonthsOfCalendar; months++, day = 1)
        {
            if (Months.Has(month) && DaysOf(year, month).AtOrAfter(day) is > 0 and var found)
                return new DateTime(year, month, found);
            (year, month) = month == 12 ? (year + 1, 1) : (year, month + 1);
            if (year > DateTime.MaxValue.Year)
                return null;
        }
        return null;
    }

    DateTime? DayAtOrBefore(int year, int month, int day)
    {
        for (var months = 0; months <= MonthsOfCalendar; months++, day = 31)
        {
            if (Months.Has(month) && DaysOf(year, month).AtOrBefore(day) is > 0 and var found)
                return new DateTime(year, month, found);
            (year, month) = month == 1 ? (year - 1, 12) : (year, month - 1);
            if (year < 1)
                return null;
        }
        return null;
    }

    CronSet DaysOf(int year, int month)
    {
        var length = DateTime.DaysInMonth(year, month);
        var first = (int)new DateTime(year, month, 1).DayOfWeek;
        return DayOfMonth.In(length, first) & DayOfWeek.In(length, first);
    }

    long TimeAtOrAfter(int hour, int minute, int second)
    {
        if (Hours.Has(hour))
        {
            if (Minutes.Has(minute) && Seconds.AtOrAfter(second) is >= 0 and var sameMinute)
                return Ticks(hour, minute, sameMinute);
            if (Minutes.AtOrAfter(minute + 1) is >= 0 and var sameHour)
                return Ticks(hour, sameHour, Seconds.First);
        }
        return Hours.AtOrAfter(hour + 1) is >= 0 and var later ? Ticks(later, Minutes.First, Seconds.First) : -1;
    }

    long TimeAtOrBefore(int hour, int minute, int second)
    {
        if (Hours.Has(hour))
        {
            if (Minutes.Has(minute) && Seconds.AtOrBefore(second) is >= 0 and var sameMinute)
                return Ticks(hour, minute, sameMinute);
            if (Minutes.AtOrBefore(minute - 1) is >= 0 and var sameHour)
                return Ticks(hour, sameHour, Seconds.Last);
        }
        return Hours.AtOrBefore(hour - 1) is >= 0 and var earlier ? Ticks(earlier, Minutes.Last, Seconds.Last) : -1;
    }

    static long Ticks(int hour, int minute, int second) => (hour * 3600L + minute * 60 + second) * TimeSpan.TicksPerSecond;
}
