namespace JobRunner;

/// <summary>One of the six fields: what it is called in messages, and which values and names it takes.</summary>
sealed record CronField(string Name, int First, int Last, int Cycle, string[] Names, string Specials = "")
{
    public static readonly CronField Seconds = new("seconds", 0, 59, 60, []);
    public static readonly CronField Minutes = new("minutes", 0, 59, 60, []);
    public static readonly CronField Hours = new("hours", 0, 23, 24, []);
    public static readonly CronField DayOfMonth = new("day-of-month", 1, 31, 31, [], ", or alone L, L-n, LW, L-nW or nW");

    public static readonly CronField Month = new("month", 1, 12, 12,
        ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]);

    /// <summary>The week has seven days but eight numbers: 0 and 7 are both Sunday.</summary>
    public static readonly CronField DayOfWeek = new("day-of-week", 0, 7, 7,
        ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"], ", or alone nL or n#1 to n#5");

    /// <summary>In the order in which they are written; the first may be absent.</summary>
    public static readonly CronField[] All = [Seconds, Minutes, Hours, DayOfMonth, Month, DayOfWeek];

    public CronSet Everything => CronSet.Range(First, Last);

    /// <summary>The values to write, for messages.</summary>
    public string Allowed => Names.Length == 0 ? $"{First}-{Last}" : $"{First}-{Last} or {Names[0]}-{Names[^1]}";

    /// <summary>The forms to write, for messages.</summary>
    public string Forms => $"*, values of {Allowed}, ranges a-b, steps such as */n and a-b/n, lists a,b{Specials}";

    /// <summary>The value of a three-letter name, or -1.</summary>
    public int ValueOf(string name)
    {
        var index = Array.FindIndex(Names, known => known.Equals(name, StringComparison.OrdinalIgnoreCase));
        return index < 0 ? -1 : First + index;
    }
}
