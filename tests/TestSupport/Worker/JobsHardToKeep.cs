using System.Collections;
using System.Numerics;

namespace JobRunner.TestSupport;

/// <summary>Jobs for hostile rows to name, and jobs that leave what is hard to keep.</summary>
public static class JobsHardToKeep
{
    static readonly TimeSpan _moment = TimeSpan.FromTicks(1);

    public static Task<bool> TakeAsync(object? any) => Task.FromResult(any is null);

    public static Task<string?> TakeTextAsync(string? text) => Task.FromResult(text);

    public static Task<int> TakeNumberAsync(int number) => Task.FromResult(number);

    public static Task<decimal> TakeDecimalAsync(decimal number) => Task.FromResult(number);

    public static Task<DateTimeOffset> TakeInstantAsync(DateTimeOffset instant) => Task.FromResult(instant);

    public static Task<int> TakeManyAsync(List<Dictionary<string, Guid>> many) => Task.FromResult(many.Count);

    public static Task<int> TakeBytesAsync(byte[] bytes) => Task.FromResult(bytes.Length);

    public static Task TakeGenericAsync<T>(T value) where T : struct => Task.FromResult(value);

    public static Task TakeSpanAsync(Span<byte> bytes) => Task.FromResult(bytes.Length);

    public static Task TakeReference(ref int number) => Task.FromResult(number);

    [Queue("{0}")]
    [Retry(Attempts = 1, DelaysInSeconds = [0])]
    public static Task FailOnQueueAsync(string queue) => throw new InvalidOperationException($"no luck on {queue.Length}");

    [DisableConcurrentExecution("{0}", 60)]
    public static Task<int> ExclusiveAsync(string resource) => Task.FromResult(resource.Length);

    [Retry(Attempts = 2, DelaysInSeconds = [0])]
    public static Task FailAsync() => throw new InvalidOperationException("no luck");

    public static Task<object?> ReturnAsync(string kind) => Task.FromResult<object?>(kind switch
    {
        "half" => "half \ud800, none \0, other half \udc00",
        "deep" => Enumerable.Range(0, 100_000).Aggregate(Array.Empty<object>(), (inner, _) => [inner]),
        "digits" => BigInteger.Pow(10, 100_000),
        "numbers" => new[] { double.NaN, double.PositiveInfinity, double.Epsilon, -0.0 },
        "type" => typeof(Dictionary<,>),
        "thread" => Thread.CurrentThread,
        "delegate" => (Func<int>)(() => 7),
        "throws" => new Throwing(),
        "circle" => Circle(),
        "keys" => new Dictionary<object, object?> { [double.NaN] = null, [new Throwing()] = 1, ["$type"] = "System.IO.FileInfo" },
        "task" => Task.FromResult(Task.FromResult(7)),
        "json" => "}]\"'\\\u2028\ufeff\uffff",
        "endless list" => Endless(),
        "long" => new string('x', 20_000_000),
        _ => null,
    });

    static ArrayList Circle()
    {
        var circle = new ArrayList();
        circle.Add(circle);
        return circle;
    }

    static IEnumerable<int> Endless()
    {
        for (var i = 0; ; i++)
            yield return i;
    }

    public sealed class Throwing
    {
        public string Good => "good";

        public string Bad => throw new NotSupportedException($"bad after {_moment}");
    }

    /// <summary>A type argument must be a class that can be made.</summary>
    public sealed class Box<T> where T : class, new()
    {
        public Task RunAsync(T item) => Task.FromResult(item);
    }

    /// <summary>Cannot be loaded.</summary>
    public static class Exploding
    {
        static readonly int _number = int.Parse("no number", System.Globalization.CultureInfo.InvariantCulture);

        public static Task<int> RunAsync() => Task.FromResult(_number);
    }

    /// <summary>Nobody has what it takes.</summary>
    public sealed class Unmakeable(Throwing needed)
    {
        public Task<string> RunAsync() => Task.FromResult(needed.Good);
    }
}
