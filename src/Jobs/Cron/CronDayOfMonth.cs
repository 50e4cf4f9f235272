namespace JobRunner;

/// <summary>Which days of a month the day-of-month field means.</summary>
/// <param name="Days">The days that are listed.</param>
/// <param name="BeforeLast">Counted from the end instead: 0 is the last day, 1 the one before. Null when days are listed.</param>
/// <param name="NearestWeekday">Whether the one day that is meant moves to the nearest weekday of the same month.</param>
sealed record CronDayOfMonth(CronSet Days, int? BeforeLast = null, bool NearestWeekday = false)
{
    public bool IsEvery => BeforeLast is null && Days == CronField.DayOfMonth.Everything;

    public static CronDayOfMonth Parse(CronReader reader)
    {
        var parsed = reader.Accept('L') ? FromTheEnd(reader) : Listed(reader);
        reader.End();
        return parsed;
    }

    /// <summary>The matching days of a month with so many days whose first is that day of the week.</summary>
    public CronSet In(int length, int firstWeekday)
    {
        if (BeforeLast is null && !NearestWeekday)
            return Days;
        var day = BeforeLast is { } before ? length - before : Days.First;
        if (day < 1 || day > length)
            return default;
        return CronSet.Of(NearestWeekday ? Nearest(day, length, (firstWeekday + day - 1) % 7) : day);
    }

    static CronDayOfMonth FromTheEnd(CronReader reader)
    {
        var before = reader.Accept('-') ? reader.Number(0, 30, "the days before the last one") : 0;
        return new CronDayOfMonth(default, before, reader.Accept('W'));
    }

    static CronDayOfMonth Listed(CronReader reader)
    {
        if (CronFieldParser.Star(reader) is { } all)
            return new CronDayOfMonth(all);
        var day = reader.Value();
        return reader.Accept('W')
            ? new CronDayOfMonth(CronSet.Of(day), NearestWeekday: true)
            : new CronDayOfMonth(CronFieldParser.List(reader, day));
    }

    // Saturday moves back and Sunday on, unless that would leave the month.
    static int Nearest(int day, int length, int weekday) => weekday switch
    {
        6 => day == 1 ? 3 : day - 1,
        0 => day == length ? day - 2 : day + 1,
        _ => day,
    };
}
