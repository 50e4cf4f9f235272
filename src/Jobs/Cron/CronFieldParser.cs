namespace JobRunner;

/// <summary>What all fields have in common: <c>*</c>, values, ranges, steps and lists.</summary>
static class CronFieldParser
{
    public static CronSet Parse(CronReader reader)
    {
        var set = Star(reader) ?? List(reader, reader.Value());
        reader.End();
        return set;
    }

    /// <summary><c>*</c> or <c>?</c>, with a step or without, or null when it is neither.</summary>
    public static CronSet? Star(CronReader reader)
    {
        if (!reader.Accept('*') && !reader.Accept('?'))
            return null;
        reader.Repeats = true;
        return reader.Accept('/') ? Walk(reader.Field, reader.Field.First, reader.Field.Last, Step(reader)) : reader.Field.Everything;
    }

    /// <summary>The rest of a list whose first value was read already.</summary>
    public static CronSet List(CronReader reader, int value)
    {
        var set = Item(reader, value);
        while (reader.Accept(','))
            set |= Item(reader, reader.Value());
        return set;
    }

    static CronSet Item(CronReader reader, int from)
    {
        int? to = reader.Accept('-') ? reader.Value() : null;
        int? step = reader.Accept('/') ? Step(reader) : null;
        if (to is null && step is null)
            return CronSet.Of(from);
        reader.Repeats = true;
        return Walk(reader.Field, from, to ?? reader.Field.Last, step ?? 1);
    }

    static int Step(CronReader reader) => reader.Number(1, reader.Field.Last, "the steps of this field");

    static CronSet Walk(CronField field, int from, int to, int step)
    {
        if (to < from)
            return WalkAround(field, from, to, step);
        var set = default(CronSet);
        for (var value = from; value <= to; value += step)
            set |= CronSet.Of(value);
        return set;
    }

    // A range that ends before it begins goes on at the start of the field, and its steps go on counting: 22-2/2 is 22, 0, 2.
    static CronSet WalkAround(CronField field, int from, int to, int step)
    {
        var last = field.First + field.Cycle - 1;
        // Sunday as 7 lies beyond the last day that is counted here. With a step Hangfire leaves it out: 7-3/2 is Tuesday.
        if (from > last && step > 1)
            from += step;
        var set = default(CronSet);
        for (var value = from; value <= to + field.Cycle; value += step)
            set |= CronSet.Of(value > last ? value - field.Cycle : value);
        return set;
    }
}
