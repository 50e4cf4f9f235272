namespace JobRunner;

// The rules for clock changes are those that Cronos 0.11.1 documents, after Vixie's cron. Into a gap: what falls there runs
// when the gap ends. Through an overlap: a time of day runs once, in the first pass; an interval runs in both.
public sealed partial class CronExpression
{
    /// <summary>
    /// The next occurrence after an instant, or null when there is none; the rules for clock changes are those of Cronos 0.11.1.
    /// </summary>
    /// <param name="from">The instant; fractions of a second do not matter.</param>
    /// <param name="zone">Whose local time the expression means; the result carries its offset.</param>
    /// <param name="inclusive">Whether the instant itself may be the result. As in Cronos, one at the end of a gap then counts
    /// only when it matches by itself, not for what fell into the gap.</param>
    public DateTimeOffset? GetNext(DateTimeOffset from, TimeZoneInfo zone, bool inclusive = false)
    {
        ArgumentNullException.ThrowIfNull(zone);
        var floor = Floor(from);
        var now = TimeZoneInfo.ConvertTime(floor, zone);
        if (inclusive && floor == from)
            return Next(now, now.DateTime, zone);
        return now.DateTime.Ticks > DateTime.MaxValue.Ticks - TimeSpan.TicksPerSecond
            ? null
            : Next(now, now.DateTime.AddSeconds(1), zone);
    }

    /// <summary>
    /// The last occurrence before an instant, or null when there is none: the mirror image of <see cref="GetNext"/>, so that the
    /// one undoes the other from occurrence to occurrence.
    /// </summary>
    /// <param name="from">The instant.</param>
    /// <param name="zone">Whose local time the expression means; the result carries its offset.</param>
    /// <param name="inclusive">Whether the instant itself may be the result.</param>
    public DateTimeOffset? GetPrevious(DateTimeOffset from, TimeZoneInfo zone, bool inclusive = false)
    {
        ArgumentNullException.ThrowIfNull(zone);
        var floor = Floor(from);
        if (floor != from || inclusive)
            return Previous(TimeZoneInfo.ConvertTime(floor, zone), zone);
        return floor.UtcTicks < TimeSpan.TicksPerSecond ? null : Previous(TimeZoneInfo.ConvertTime(floor.AddSeconds(-1), zone), zone);
    }

    /// <summary>The occurrences between two instants in ascending order, found one by one with <see cref="GetNext"/>.</summary>
    /// <param name="from">Where to begin.</param>
    /// <param name="to">Where to end.</param>
    /// <param name="zone">Whose local time the expression means; the results carry its offset.</param>
    /// <param name="fromInclusive">Whether <paramref name="from"/> itself may be a result.</param>
    /// <param name="toInclusive">Whether <paramref name="to"/> itself may be a result.</param>
    public IEnumerable<DateTimeOffset> GetOccurrences(
        DateTimeOffset from, DateTimeOffset to, TimeZoneInfo zone, bool fromInclusive = true, bool toInclusive = false)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(from, to);
        return Occurrences();

        IEnumerable<DateTimeOffset> Occurrences()
        {
            for (var at = GetNext(from, zone, fromInclusive); at < to || (toInclusive && at == to); at = GetNext(at.Value, zone))
                yield return at.Value;
        }
    }

    DateTimeOffset? Next(DateTimeOffset now, DateTime earliest, TimeZoneInfo zone)
    {
        if (ClockChange.Near(now.DateTime, zone, out _) is { IsGap: false } change)
        {
            if (now.Offset == change.Before)
            {
                if (_schedule.AtOrAfter(earliest) is { } first && first < change.End)
                    return new DateTimeOffset(first, change.Before);
                earliest = change.Start;
            }
            if (_schedule.IsInterval && _schedule.AtOrAfter(earliest) is { } second && second < change.End)
                return new DateTimeOffset(second, change.After);
            earliest = Later(earliest, change.End);
        }
        return Place(_schedule.AtOrAfter(earliest), zone, secondPass: false);
    }

    DateTimeOffset? Previous(DateTimeOffset now, TimeZoneInfo zone)
    {
        if (ClockChange.Near(now.DateTime, zone, out _) is not { IsGap: false } change)
            return Place(_schedule.AtOrBefore(now.DateTime), zone, _schedule.IsInterval);
        var latest = now.DateTime;
        if (now.Offset == change.After)
        {
            if (_schedule.IsInterval && _schedule.AtOrBefore(latest) is { } second && second >= change.Start)
                return new DateTimeOffset(second, change.After);
            latest = change.End.AddSeconds(-1);
        }
        return Place(_schedule.AtOrBefore(latest), zone, secondPass: false);
    }

    // The instant of a local time. Of two, the first or the second as asked; of none, the end of the gap.
    static DateTimeOffset? Place(DateTime? local, TimeZoneInfo zone, bool secondPass)
    {
        if (local is not { } time)
            return null;
        if (ClockChange.Near(time, zone, out var offset) is { } change)
            (time, offset) = change.IsGap ? (change.End, change.After) : (time, secondPass ? change.After : change.Before);
        var utc = time.Ticks - offset.Ticks;
        return utc < 0 || utc > DateTime.MaxValue.Ticks ? null : new DateTimeOffset(time, offset);
    }

    static DateTimeOffset Floor(DateTimeOffset instant) => instant.AddTicks(-(instant.Ticks % TimeSpan.TicksPerSecond));

    static DateTime Later(DateTime a, DateTime b) => a > b ? a : b;
}
