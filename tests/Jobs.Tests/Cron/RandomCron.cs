namespace JobRunner.Jobs.Tests.Cron;

/// <summary>Makes up expressions, zones and instants from a seed.</summary>
sealed class RandomCron(int seed)
{
    static readonly string[] _months = ["JAN", "feb", "MAR", "APR", "MAY", "JUN", "Jul", "AUG", "SEP", "OCT", "NOV", "DEC"];
    static readonly string[] _weekdays = ["SUN", "MON", "TUE", "wed", "THU", "FRI", "Sat"];

    // Dublin and Casablanca have winter time as the exception; Troll moves by two hours, Lord Howe by half an hour.
    static readonly TimeZoneInfo[] _zones =
    [
        .. new[]
        {
            "UTC", "Europe/Warsaw", "America/New_York", "Australia/Lord_Howe", "Asia/Tokyo", "Asia/Kathmandu", "America/St_Johns",
            "Europe/Dublin", "Africa/Casablanca", "Antarctica/Troll", "America/Santiago", "Pacific/Chatham", "America/Havana",
        }.Select(TimeZoneInfo.FindSystemTimeZoneById),
    ];

    readonly Random _random = new(seed);

    public TimeZoneInfo Zone() => Pick(_zones);

    /// <summary>Any second from 2000 to 2036.</summary>
    public DateTimeOffset Instant() => new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero).AddSeconds(_random.NextInt64(36L * 365 * 86400));

    /// <summary>An instant of which every second one is shortly before the clocks change.</summary>
    public DateTimeOffset Instant(TimeZoneInfo zone)
    {
        var day = Instant();
        if (_random.Next(2) == 0)
            return day;
        for (var days = 0; days < 400; days++, day = day.AddDays(1))
        {
            if (zone.GetUtcOffset(day) != zone.GetUtcOffset(day.AddDays(1)))
                return day.AddHours(_random.Next(24)).AddMinutes(-_random.Next(60));
        }
        return day;
    }

    /// <summary>Seconds or five fields; the clock's fields are mostly wide, so that a window of days is not empty.</summary>
    public string Expression()
    {
        var seconds = _random.Next(6) == 0 ? Field(0, 59, null, 1) + " " : "";
        var dates = _random.Next(2) == 0 ? "* * *" : Dates();
        return $"{seconds}{Field(0, 59, null, 1)} {Field(0, 23, null, 3)} {dates}";
    }

    /// <summary>Day of month, month and day of week.</summary>
    public string Dates() => $"{DayOfMonth()} {Field(1, 12, _months, 4)} {DayOfWeek()}";

    string DayOfMonth() => _random.Next(8) switch
    {
        0 => "L",
        1 => $"L-{_random.Next(31)}",
        2 => $"{_random.Next(1, 32)}W",
        3 => "LW",
        4 => $"L-{_random.Next(12)}W",
        _ => Field(1, 31, null, 2),
    };

    string DayOfWeek() => _random.Next(6) switch
    {
        0 => $"{Value(0, 7, _weekdays)}L",
        1 => $"{Value(0, 7, _weekdays)}#{_random.Next(1, 6)}",
        // A range from 7 with a step is a quirk with a test of its own.
        _ => Field(0, 6, _weekdays, 3),
    };

    string Field(int first, int last, string[]? names, int stars) => _random.Next(stars + 3) switch
    {
        0 => string.Join(',', Enumerable.Range(0, _random.Next(1, 4)).Select(_ => Item(first, last, names))),
        1 => $"*/{_random.Next(1, last + 1)}",
        2 => Value(first, last, names),
        _ => _random.Next(5) == 0 ? "?" : "*",
    };

    string Item(int first, int last, string[]? names) => _random.Next(4) switch
    {
        0 => $"{Value(first, last, names)}-{Value(first, last, names)}",
        1 => $"{Value(first, last, names)}/{_random.Next(1, last + 1)}",
        2 => $"{Value(first, last, names)}-{Value(first, last, names)}/{_random.Next(1, 6)}",
        _ => Value(first, last, names),
    };

    string Value(int first, int last, string[]? names) =>
        names is not null && _random.Next(3) == 0 ? Pick(names) : $"{_random.Next(first, last + 1)}";

    T Pick<T>(T[] items) => items[_random.Next(items.Length)];
}
