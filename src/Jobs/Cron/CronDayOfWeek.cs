namespace JobRunner;

/// <summary>Which days of a month the day-of-week field means.</summary>
/// <param name="Weekdays">From 0, Sunday, to 6, Saturday.</param>
/// <param name="Nth">Only the so-manieth of the month, from 1 to 5; <see cref="LastOfMonth"/> for the last; 0 for each.</param>
sealed record CronDayOfWeek(CronSet Weekdays, int Nth = 0)
{
    public const int LastOfMonth = -1;

    static readonly CronSet _allSeven = CronSet.Range(0, 6);

    public bool IsEvery => Nth == 0 && Weekdays == _allSeven;

    public static CronDayOfWeek Parse(CronReader reader)
    {
        var parsed = CronFieldParser.Star(reader) is { } all ? new CronDayOfWeek(Fold(all)) : Listed(reader);
        reader.End();
        return parsed;
    }

    /// <summary>The matching days of a month with so many days whose first is that day of the week.</summary>
    public CronSet In(int length, int firstWeekday)
    {
        var month = CronSet.Range(1, length);
        if (IsEvery)
            return month;
        var days = default(CronSet);
        for (var weekday = Weekdays.AtOrAfter(0); weekday >= 0; weekday = Weekdays.AtOrAfter(weekday + 1))
            days |= Pick(1 + (weekday - firstWeekday + 7) % 7, month);
        return days;
    }

    static CronDayOfWeek Listed(CronReader reader)
    {
        var weekday = reader.Value();
        if (reader.Accept('L'))
            return new CronDayOfWeek(Fold(CronSet.Of(weekday)), LastOfMonth);
        return reader.Accept('#')
            ? new CronDayOfWeek(Fold(CronSet.Of(weekday)), reader.Number(1, 5, "which one of the month"))
            : new CronDayOfWeek(Fold(CronFieldParser.List(reader, weekday)));
    }

    CronSet Pick(int first, CronSet month)
    {
        const ulong everySeventh = 0b1_0000001_0000001_0000001_0000001;
        var days = new CronSet(everySeventh << first) & month;
        return Nth switch
        {
            0 => days,
            LastOfMonth => CronSet.Of(days.Last),
            _ => CronSet.Of(first + 7 * (Nth - 1)) & days,
        };
    }

    // 7 is Sunday as well.
    static CronSet Fold(CronSet numbers) => new CronSet(numbers.Bits | numbers.Bits >> 7) & _allSeven;
}
