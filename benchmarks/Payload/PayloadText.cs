namespace JobRunner.Benchmarks;

/// <summary>Long texts.</summary>
static class PayloadText
{
    /// <summary>Hardly compresses, and JSON escapes none of it.</summary>
    public static string Random(int length) =>
        System.Random.Shared.GetString("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", length);

    public static string Repeated(int length) => new('x', length);
}
