namespace JobRunner.Benchmarks;

/// <summary>Percentiles by the nearest rank: each is a value that was measured.</summary>
sealed class Percentiles(IEnumerable<double> values)
{
    readonly double[] _sorted = [.. values.Order()];

    public double P50 => At(50);

    public double P99 => At(99);

    public double At(double percent) => _sorted[Math.Max(0, (int)Math.Ceiling(percent / 100 * _sorted.Length) - 1)];
}
