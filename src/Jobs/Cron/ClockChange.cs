namespace JobRunner;

/// <summary>
/// An instant at which a zone's clocks are set forward (local times are left out: a gap) or back (local times come twice).
/// It is found by comparing offsets in UTC: TimeZoneInfo's own questions, IsInvalidTime and IsAmbiguousTime, overlook changes
/// that are not "daylight saving" by its rules, such as those of Dublin and Casablanca, and every change of a country's
/// standard time.
/// </summary>
readonly record struct ClockChange(DateTime Utc, TimeSpan Before, TimeSpan After)
{
    /// <summary>The first local time that does not exist, or that exists twice.</summary>
    public DateTime Start => Utc + (IsGap ? Before : After);

    /// <summary>The first local time after the gap or the overlap.</summary>
    public DateTime End => Utc + (IsGap ? After : Before);

    public bool IsGap => After > Before;

    public bool Covers(DateTime local) => local >= Start && local < End;

    /// <summary>The change whose gap or overlap is near the given local time, and otherwise the offset that holds there.</summary>
    public static ClockChange? Near(DateTime local, TimeZoneInfo zone, out TimeSpan offset)
    {
        // Offsets stay within 15 hours, so that the instant is surely in between; no zone has changed twice within so short a time since
        // 1975 at least.
        var (early, late) = (Shift(local, -15), Shift(local, 15));
        offset = zone.GetUtcOffset(early);
        var after = zone.GetUtcOffset(late);
        if (offset == after)
            return null;
        var change = new ClockChange(Bisect(early, late, zone, after), offset, after);
        if (local >= change.End)
            offset = after;
        return change.Covers(local) ? change : null;
    }

    // The first whole second from which the later offset holds.
    static DateTime Bisect(DateTime early, DateTime late, TimeZoneInfo zone, TimeSpan after)
    {
        var seconds = (late.Ticks - early.Ticks) / TimeSpan.TicksPerSecond;
        var (low, high) = (0L, seconds);
        while (high - low > 1)
        {
            var middle = (low + high) / 2;
            var reached = zone.GetUtcOffset(early.AddTicks(middle * TimeSpan.TicksPerSecond)) == after;
            (low, high) = reached ? (low, middle) : (middle, high);
        }
        return DateTime.SpecifyKind(early.AddTicks(high * TimeSpan.TicksPerSecond), DateTimeKind.Unspecified);
    }

    static DateTime Shift(DateTime local, int hours)
    {
        var ticks = local.Ticks + hours * TimeSpan.TicksPerHour;
        return new DateTime(Math.Clamp(ticks, 0, DateTime.MaxValue.Ticks), DateTimeKind.Utc);
    }
}
