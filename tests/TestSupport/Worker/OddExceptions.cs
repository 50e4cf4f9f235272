namespace JobRunner.TestSupport;

/// <summary>Exceptions that are hard to describe: their properties throw, give nothing, or too much.</summary>
public static class OddExceptions
{
    public static IEnumerable<string> Kinds =>
        ["null message", "bad message", "bad text", "null text", "bad stack", "bad data", "deep", "deep aggregate", "own message, deep", "wide", "long", "half"];

    public static Exception Make(string kind) => kind switch
    {
        "null message" => new Odd { MessageGiven = () => null! },
        "bad message" => new Odd { MessageGiven = () => throw new NotSupportedException("no message") },
        "bad text" => new Odd { Text = () => throw new NotSupportedException("no text") },
        "null text" => new Odd { Text = () => null! },
        "bad stack" => new Odd { Stack = () => throw new NotSupportedException("no stack") },
        "bad data" => new OddData(),
        "deep" => Deep(inner => new InvalidOperationException("one of many", inner)),
        "deep aggregate" => Deep(inner => new AggregateException("one of many", inner)),
        "own message, deep" => Deep(inner => new Wrapping(inner)),
        "wide" => Enumerable.Range(0, 40).Aggregate((Exception)new InvalidOperationException("one of many"), (inner, _) => new AggregateException(inner, inner)),
        "long" => new InvalidOperationException(new string('x', 20_000_000)),
        "half" => new InvalidOperationException("half a character: \ud800, and none: \0"),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "No such exception."),
    };

    static Exception Deep(Func<Exception, Exception> around)
    {
        Exception exception = new InvalidOperationException("the first cause");
        for (var i = 0; i < 100_000; i++)
            exception = around(exception);
        return exception;
    }

    sealed class Odd : Exception
    {
        public Func<string> MessageGiven { get; init; } = () => "odd";

        public Func<string>? Text { get; init; }

        public Func<string>? Stack { get; init; }

        public override string Message => MessageGiven();

        public override string? StackTrace => Stack is null ? base.StackTrace : Stack();

        public override string ToString() => Text is null ? base.ToString() : Text();
    }

    sealed class OddData : Exception
    {
        public override System.Collections.IDictionary Data => throw new NotSupportedException("no data");
    }

    sealed class Wrapping(Exception inner) : Exception("", inner)
    {
        public override string Message => $"around {InnerException!.Message}";
    }
}

/// <summary>Jobs that throw them, in each lane.</summary>
public static class OddJobs
{
    [Retry(Attempts = 1, DelaysInSeconds = [0])]
    public static async Task ThrowAsync(string kind)
    {
        await Task.Yield();
        throw OddExceptions.Make(kind);
    }

    [Retry(Attempts = 0)]
    public static void Throw(string kind) => throw OddExceptions.Make(kind);

    public static Task<object> ReturnEndlessAsync() => Task.FromResult<object>(new Endless());

    public static object ReturnEndless() => new Endless();

    public static Task<string> ReturnHalfAsync() => Task.FromResult("half: \ud800, none: \0");

    /// <summary>Returns, logs and reports what UTF-8 and databases cannot hold.</summary>
    public static string ReturnHalf(IJobContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        Microsoft.Extensions.Logging.LoggerExtensions.LogInformation(context.Logger, "log: \udc00, none: \0");
        context.ReportProgress(0.5, "progress: \ud800, none: \0");
        return "half: \ud800, none: \0";
    }

    /// <summary>Each of its members makes another one.</summary>
    public sealed class Endless
    {
        public Endless Next => new();
    }
}
