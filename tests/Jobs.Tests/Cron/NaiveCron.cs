namespace JobRunner.Jobs.Tests.Cron;

/// <summary>
/// The rules of the dialect written down as plainly as possible, without a thought for speed, and sharing no code with the
/// product: it walks through UTC second by second (or minute by minute), looks at the local clock and asks each field.
/// </summary>
sealed class NaiveCron
{
    readonly string[] _fields;
    readonly bool _isInterval;
    readonly TimeSpan _step;

    public NaiveCron(string expression)
    {
        var fields = expression.ToUpperInvariant().Replace('?', '*').Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        _fields = fields.Length == 5 ? ["0", .. fields] : fields;
        _isInterval = _fields[..3].Any(field => field.AsSpan().ContainsAny('*', '-', '/'));
        _step = _fields[0] == "0" ? TimeSpan.FromMinutes(1) : TimeSpan.FromSeconds(1);
    }

    /// <summary>The occurrences after the one instant and up to the other.</summary>
    public IEnumerable<DateTimeOffset> Between(DateTimeOffset after, DateTimeOffset until, TimeZoneInfo zone)
    {
        var first = after.UtcTicks / _step.Ticks * _step.Ticks;
        for (var utc = new DateTimeOffset(first, TimeSpan.Zero) + _step; utc <= until; utc += _step)
        {
            if (IsOccurrence(utc, zone))
                yield return TimeZoneInfo.ConvertTime(utc, zone);
        }
    }

    /// <summary>Whether the local time matches by itself, rather than standing in for one that a gap left out.</summary>
    public bool Matches(DateTime local) =>
        IsIn(_fields[0], local.Second, 0, 59, "") && IsIn(_fields[1], local.Minute, 0, 59, "") && IsIn(_fields[2], local.Hour, 0, 23, "")
        && MatchesDate(local);

    public bool MatchesDate(DateTime day) =>
        IsIn(_fields[4], day.Month, 1, 12, "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC") && MatchesDayOfMonth(day) && MatchesDayOfWeek(day);

    bool IsOccurrence(DateTimeOffset utc, TimeZoneInfo zone)
    {
        var local = TimeZoneInfo.ConvertTime(utc, zone).DateTime;
        if (Matches(local) && (_isInterval || !WasThereBefore(utc, local, zone)))
            return true;
        // What a gap left out happens when it ends.
        for (var lost = TimeZoneInfo.ConvertTime(utc - _step, zone).DateTime + _step; lost < local; lost += _step)
        {
            if (Matches(lost))
                return true;
        }
        return false;
    }

    // All zones of today differ by quarters of an hour.
    static bool WasThereBefore(DateTimeOffset utc, DateTime local, TimeZoneInfo zone) =>
        Enumerable.Range(1, 4 * 24).Any(quarters => TimeZoneInfo.ConvertTime(utc.AddMinutes(-15 * quarters), zone).DateTime == local);

    bool MatchesDayOfMonth(DateTime day)
    {
        var field = _fields[3];
        var length = DateTime.DaysInMonth(day.Year, day.Month);
        if (!field.Contains('L', StringComparison.Ordinal) && !field.Contains('W', StringComparison.Ordinal))
            return IsIn(field, day.Day, 1, 31, "");
        var number = field.Trim('L', 'W', '-');
        var target = field[0] != 'L' ? int.Parse(number) : number.Length == 0 ? length : length - int.Parse(number);
        if (target < 1 || target > length)
            return false;
        return day.Day == (field[^1] == 'W' ? NearestWeekday(new DateTime(day.Year, day.Month, target)).Day : target);
    }

    static DateTime NearestWeekday(DateTime target) =>
        new[] { 0, -1, 1, -2, 2 }.Select(days => target.AddDays(days))
            .First(day => day.Month == target.Month && day.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday));

    bool MatchesDayOfWeek(DateTime day)
    {
        var field = _fields[5];
        if (field.Contains('#', StringComparison.Ordinal))
            return IsWeekday(field[..^2], day) && day.AddDays(-7 * (field[^1] - '1')).Month == day.Month
                && day.AddDays(-7 * (field[^1] - '0')).Month != day.Month;
        return field[^1] == 'L'
            ? IsWeekday(field[..^1], day) && day.AddDays(7).Month != day.Month
            : IsWeekday(field, day);
    }

    static bool IsWeekday(string field, DateTime day)
    {
        const string names = "SUNMONTUEWEDTHUFRISAT";
        var number = (int)day.DayOfWeek;
        return IsIn(field, number, 0, 7, names) || (number == 0 && IsIn(field, 7, 0, 7, names));
    }

    static bool IsIn(string field, int value, int first, int last, string names) =>
        field == "*" || field.Split(',').Any(item => Values(item, first, last, names).Contains(value));

    static IEnumerable<int> Values(string item, int first, int last, string names)
    {
        var (range, step) = item.Split('/') is [var a, var b] ? (a, int.Parse(b)) : (item, 0);
        var ends = range == "*" ? [first, last] : Array.ConvertAll(range.Split('-'), end => Number(end, first, names));
        var to = ends.Length == 2 ? ends[1] : step > 0 ? last : ends[0];
        // Around the end of the field; Sunday is counted once on that way.
        var round = to >= ends[0] ? 0 : last == 7 ? 7 : last - first + 1;
        return Enumerable.Range(ends[0], to + round - ends[0] + 1)
            .Where((_, index) => index % Math.Max(step, 1) == 0)
            .Select(value => round > 0 && value >= first + round ? value - round : value);
    }

    static int Number(string text, int first, string names) =>
        int.TryParse(text, out var number) ? number : first + (names.IndexOf(text, StringComparison.Ordinal) / 3);
}
