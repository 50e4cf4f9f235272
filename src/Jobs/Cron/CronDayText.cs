using System.Globalization;

namespace JobRunner;

/// <summary>The part of a description that tells the days and the months.</summary>
static class CronDayText
{
    static readonly string[] _ordinals = ["", "first", "second", "third", "fourth", "fifth"];
    static readonly DateTimeFormatInfo _english = DateTimeFormatInfo.InvariantInfo;

    public static string Of(CronSchedule schedule) =>
        Days(schedule.DayOfMonth) + Weekdays(schedule.DayOfWeek, schedule.DayOfMonth.IsEvery) + Months(schedule.Months);

    static string Days(CronDayOfMonth rule)
    {
        if (rule.IsEvery)
            return "";
        return (rule.BeforeLast, rule.NearestWeekday) switch
        {
            (0, true) => " on the last weekday of the month",
            ({ } before, true) => $" on the weekday nearest to {FromTheEnd(before)}",
            ({ } before, false) => $" on {FromTheEnd(before)}",
            (null, true) => $" on the weekday nearest to {Listed(rule.Days)}",
            _ => $" on {Listed(rule.Days)}",
        };
    }

    static string FromTheEnd(int before) => before switch
    {
        0 => "the last day of the month",
        1 => "the day before the last day of the month",
        _ => $"the day {Number(before)} days before the last day of the month",
    };

    static string Listed(CronSet days) =>
        $"{(days.Count == 1 ? "day" : "days")} {CronList.Of(days, CronField.DayOfMonth, Number)} of the month";

    static string Weekdays(CronDayOfWeek rule, bool alone)
    {
        if (rule.IsEvery)
            return "";
        if (rule.Weekdays.IsEmpty)
            return ", only on no day of the week";
        var names = CronList.Of(rule.Weekdays, CronField.DayOfWeek, day => _english.GetDayName((DayOfWeek)day));
        if (rule.Nth == 0)
            return $", only on {names}";
        var which = rule.Nth == CronDayOfWeek.LastOfMonth ? "last" : _ordinals[rule.Nth];
        return $"{(alone ? " on" : ", only if that is")} the {which} {names} of the month";
    }

    static string Months(CronSet months) => months == CronField.Month.Everything
        ? ""
        : $", only in {CronList.Of(months, CronField.Month, _english.GetMonthName)}";

    static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
