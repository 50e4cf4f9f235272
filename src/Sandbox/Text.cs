namespace JobRunner.Sandbox;

/// <summary>Amounts as messages write them.</summary>
static class Text
{
    public static string Of(TimeSpan span) =>
        span.TotalSeconds < 1 ? FormattableString.Invariant($"{span.TotalMilliseconds:0.##} ms")
        : span.TotalMinutes < 2 ? FormattableString.Invariant($"{span.TotalSeconds:0.##} s")
        : span.ToString("c");

    public static string Megabytes(long bytes) => FormattableString.Invariant($"{bytes >> 20} MB");
}
