using System.Globalization;

namespace JobRunner;

/// <summary>The part of a description that tells the time of day.</summary>
static class CronTimeText
{
    const int MostTimesToList = 6;

    static readonly CronSet _zero = CronSet.Of(0);

    public static string Of(CronSchedule schedule)
    {
        var (seconds, minutes, hours) = (schedule.Seconds, schedule.Minutes, schedule.Hours);
        if (seconds.Count == 1 && minutes.Count * hours.Count <= MostTimesToList)
            return "At " + CronList.Join([.. ClockTimes(schedule)]);
        if (seconds == _zero && minutes == _zero)
            return OnTheHour(hours);
        var listed = Period(minutes, CronField.Minutes) == 0;
        if (seconds == _zero)
            return Start(minutes, CronField.Minutes, "minute") + Within(hours, listed);
        return Start(seconds, CronField.Seconds, "second") + OfMinutes(minutes, Period(seconds, CronField.Seconds) == 0) + Within(hours, listed);
    }

    static IEnumerable<string> ClockTimes(CronSchedule schedule) =>
        from hour in schedule.Hours.ToList()
        from minute in schedule.Minutes.ToList()
        let second = schedule.Seconds.First
        select Clock(hour, minute) + (second == 0 ? "" : Text($":{second:00}"));

    static string OnTheHour(CronSet hours)
    {
        if (Period(hours, CronField.Hours) is > 0 and var period)
            return Every(period, "hour");
        return IsOneRun(hours, out var first, out var last)
            ? $"Every hour from {Clock(first, 0)} through {Clock(last, 0)}"
            : "On the hour" + Within(hours, listed: false);
    }

    // "Every 5 minutes" or "At minutes 1 and 2".
    static string Start(CronSet set, CronField field, string unit) =>
        Period(set, field) is > 0 and var period ? Every(period, unit) : $"At {Listed(set, field, unit)}";

    static string OfMinutes(CronSet minutes, bool listedSeconds) => Period(minutes, CronField.Minutes) switch
    {
        0 => $" of {Listed(minutes, CronField.Minutes, "minute")}",
        1 => listedSeconds ? " of every minute" : "",
        var period => $" of every {Ordinal(period)} minute",
    };

    static string Within(CronSet hours, bool listed)
    {
        if (Period(hours, CronField.Hours) is > 0 and var period)
            return period > 1 ? $" of every {Ordinal(period)} hour" : listed ? " of every hour" : "";
        return IsOneRun(hours, out var first, out var last)
            ? $"{(listed && first != last ? " of every hour" : "")} from {Clock(first, 0)} through {Clock(last, 59)}"
            : $" in the hours {CronList.Of(hours, CronField.Hours, Number)}";
    }

    // How far apart the values are when they are spread evenly over the whole round, and otherwise 0.
    static int Period(CronSet set, CronField field)
    {
        var period = field.Cycle / set.Count;
        var even = set.Count > 1 && field.Cycle % set.Count == 0 && set.ToList().Select((value, index) => value == index * period).All(same => same);
        return even ? period : 0;
    }

    static bool IsOneRun(CronSet hours, out int first, out int last)
    {
        var values = CronList.InOrder(hours, CronField.Hours);
        (first, last) = (values[0], values[^1]);
        return (last - first + 24) % 24 == values.Count - 1;
    }

    static string Listed(CronSet set, CronField field, string unit) =>
        $"{unit}{(set.Count == 1 ? "" : "s")} {CronList.Of(set, field, Number)}";

    static string Every(int period, string unit) => period == 1 ? $"Every {unit}" : Text($"Every {period} {unit}s");

    static string Ordinal(int number) => Text($"{number}{(number switch { 2 => "nd", 3 => "rd", _ => "th" })}");

    static string Clock(int hour, int minute) => Text($"{hour:00}:{minute:00}");

    static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
