using FsCheck;
using FsCheck.Fluent;

namespace JobRunner.TestSupport;

/// <summary>What can happen to a store.</summary>
enum Act
{
    Add,
    Claim,
    Mark,
    End,
    Write,
    Repeat,
    Renew,
    Release,
    Drop,
    Die,
    Announce,
    Live,
    Pass,
    Rescue,
    Requeue,
    Delete,
    Due,
    Orphans,
    Expire,
}

/// <summary>One step of a history. Its numbers are taken modulo what there is, so that a history stays one when steps are taken out
/// of it.</summary>
/// <param name="Act">What happens.</param>
/// <param name="Who">Which executor does it.</param>
/// <param name="Which">To which job, or to which of its claims.</param>
/// <param name="How">In which of several ways.</param>
/// <param name="Lost">True when the answer does not arrive.</param>
sealed record Step(Act Act, int Who, int Which, int How, bool Lost)
{
    static readonly (int, Act)[] _weights =
    [
        (12, Act.Add), (16, Act.Claim), (10, Act.Mark), (10, Act.End), (6, Act.Write), (5, Act.Repeat), (5, Act.Renew), (5, Act.Release),
        (4, Act.Drop), (3, Act.Die), (3, Act.Announce), (6, Act.Live), (8, Act.Pass), (8, Act.Rescue), (8, Act.Requeue), (4, Act.Delete),
        (4, Act.Due), (2, Act.Orphans), (2, Act.Expire),
    ];

    /// <summary>Histories of up to 50 steps. They shrink by steps that are taken out, then by simpler ones.</summary>
    public static Arbitrary<Step[]> Histories()
    {
        var step =
            from act in Gen.Frequency(_weights.Select(weight => (weight.Item1, Gen.Constant(weight.Item2))))
            from who in Gen.Choose(0, 2)
            from which in Gen.Choose(0, 5)
            from how in Gen.Choose(0, 4)
            from lost in Gen.Choose(0, 6)
            select new Step(act, who, which, how, lost == 6);
        return Arb.From(from length in Gen.Choose(5, 50) from steps in step.ArrayOf(length) select steps, Shrink);
    }

    static IEnumerable<Step[]> Shrink(Step[] steps)
    {
        for (var size = (steps.Length + 1) / 2; size > 0; size /= 2)
        {
            for (var at = 0; at + size <= steps.Length; at += size)
                yield return [.. steps[..at], .. steps[(at + size)..]];
        }

        for (var i = 0; i < steps.Length; i++)
        {
            foreach (var simpler in steps[i].Simpler())
                yield return [.. steps[..i], simpler, .. steps[(i + 1)..]];
        }
    }

    IEnumerable<Step> Simpler()
    {
        if (Lost)
            yield return this with { Lost = false };
        if (Who > 0)
            yield return this with { Who = 0 };
        if (Which > 0)
            yield return this with { Which = 0 };
        if (How > 0)
            yield return this with { How = 0 };
    }
}
