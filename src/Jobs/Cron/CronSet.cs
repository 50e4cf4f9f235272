using System.Numerics;

namespace JobRunner;

/// <summary>A set of numbers from 0 to 63 in one word: what a field matches, or the matching days of a month.</summary>
readonly record struct CronSet(ulong Bits)
{
    public bool IsEmpty => Bits == 0;

    public int Count => BitOperations.PopCount(Bits);

    public int First => BitOperations.TrailingZeroCount(Bits);

    public int Last => BitOperations.Log2(Bits);

    public static CronSet Of(int value) => new(1UL << value);

    public static CronSet Range(int first, int last) => new(ulong.MaxValue << first & ulong.MaxValue >> 63 - last);

    public static CronSet operator |(CronSet a, CronSet b) => new(a.Bits | b.Bits);

    public static CronSet operator &(CronSet a, CronSet b) => new(a.Bits & b.Bits);

    public bool Has(int value) => (Bits >> value & 1) != 0;

    /// <summary>The smallest member that is at least <paramref name="value"/>, or -1.</summary>
    public int AtOrAfter(int value)
    {
        var rest = Bits >> value;
        return rest == 0 ? -1 : value + BitOperations.TrailingZeroCount(rest);
    }

    /// <summary>The largest member that is at most <paramref name="value"/>, or -1.</summary>
    public int AtOrBefore(int value)
    {
        var rest = value < 0 ? 0 : Bits & ulong.MaxValue >> 63 - value;
        return rest == 0 ? -1 : BitOperations.Log2(rest);
    }

    public List<int> ToList() => [.. Members()];

    IEnumerable<int> Members()
    {
        for (var rest = Bits; rest != 0; rest &= rest - 1)
            yield return BitOperations.TrailingZeroCount(rest);
    }
}
