namespace JobRunner;

/// <summary>Puts a set of values into words: "1, 3 and 5", "Monday through Friday", "0 through 56 in steps of 7".</summary>
static class CronList
{
    // Shorter ones read better as a list.
    const int ShortestRun = 3;
    const int ShortestProgression = 4;

    public static string Of(CronSet set, CronField field, Func<int, string> name)
    {
        if (set.Count >= ShortestProgression && Step(set.ToList()) is > 1 and var step)
            return $"{name(set.First)} through {name(set.Last)} in steps of {step}";
        return Join([.. Runs(InOrder(set, field), field).SelectMany(run => Words(run, name))]);
    }

    public static string Join(IReadOnlyList<string> words) => words.Count switch
    {
        0 => "",
        1 => words[0],
        _ => $"{string.Join(", ", words.Take(words.Count - 1))} and {words[^1]}",
    };

    /// <summary>The values in ascending order, but beginning with Friday when they are Friday through Monday.</summary>
    public static List<int> InOrder(CronSet set, CronField field)
    {
        var values = set.ToList();
        var last = field.First + field.Cycle - 1;
        if (values.Count is 0 || values.Count == field.Cycle || !set.Has(field.First) || !set.Has(last))
            return values;
        var start = last;
        while (set.Has(start - 1))
            start--;
        return [.. values.Where(value => value >= start), .. values.Where(value => value < start)];
    }

    // The distance between all neighbours, or 0 when it differs.
    static int Step(List<int> values)
    {
        var steps = values.Zip(values.Skip(1), (a, b) => b - a).Distinct().Take(2).ToList();
        return steps.Count == 1 ? steps[0] : 0;
    }

    static List<List<int>> Runs(List<int> values, CronField field)
    {
        List<List<int>> runs = [];
        foreach (var value in values)
        {
            if (runs.Count > 0 && Distance(runs[^1][^1], value, field) == 1)
                runs[^1].Add(value);
            else
                runs.Add([value]);
        }
        return runs;
    }

    static IEnumerable<string> Words(List<int> run, Func<int, string> name) =>
        run.Count >= ShortestRun ? [$"{name(run[0])} through {name(run[^1])}"] : run.Select(name);

    static int Distance(int a, int b, CronField field) => (b - a + field.Cycle) % field.Cycle;
}
