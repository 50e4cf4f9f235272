using System.Text;
using Newtonsoft.Json;

namespace JobRunner.Worker.Tests.Hostile;

/// <summary>What must become of a hostile row.</summary>
enum Ends
{
    /// <summary>It is tried, and its history says in words why it failed.</summary>
    Failed,

    /// <summary>It does no harm: the job succeeds.</summary>
    Succeeded,

    /// <summary>Either.</summary>
    Somehow,

    /// <summary>Nobody touches it: it waits for what never comes.</summary>
    Waiting,
}

/// <summary>The rows of a job as somebody may have left them who means no good, or has a fault.</summary>
/// <param name="Kind">Which kind of it.</param>
/// <param name="Invocation">Column <c>invocationdata</c>.</param>
/// <param name="Arguments">Column <c>arguments</c>.</param>
/// <param name="Ends">What must become of it.</param>
/// <param name="Told">Words of the failure.</param>
sealed record HostileRow(string Kind, string Invocation, string Arguments, Ends Ends, string Told = "")
{
    public const string Jobs = "JobRunner.TestSupport.JobsHardToKeep, TestSupport";

    public string Created { get; init; } = "now";

    public string? Expires { get; init; }

    public string? StateName { get; init; } = "Enqueued";

    public string? StateData { get; init; } = """{"EnqueuedAt": "1700000000000", "Queue": "default"}""";

    /// <summary>Names and values, a JSON array of pairs.</summary>
    public string Parameters { get; init; } = "[]";

    /// <summary>How many queue rows there are.</summary>
    public int QueueRows { get; init; } = 1;

    /// <summary>Column <c>updatecount</c> of these.</summary>
    public int Token { get; init; }

    /// <summary>True when somebody claimed it an hour ago.</summary>
    public bool IsClaimed { get; init; }

    /// <summary>The set that has an entry for it.</summary>
    public string? Set { get; init; }

    /// <summary>A job of <see cref="TestSupport.JobsHardToKeep"/>, called as it should be.</summary>
    public static HostileRow Of(string kind, Ends ends, string told, string method, string parameterType, string? argument) => new(
        kind, Call(Jobs, method, parameterType.Length == 0 ? [] : [parameterType]), Texts(parameterType.Length == 0 ? [] : [argument]), ends, told);

    /// <summary>One that succeeds, but for what is around it.</summary>
    public static HostileRow Harmless(string kind) => Of(kind, Ends.Succeeded, "", "TakeNumberAsync", "System.Int32", "7");

    /// <summary>One that fails twice, then for good.</summary>
    public static HostileRow Failing(string kind) => Of(kind, Ends.Failed, "no luck", "FailAsync", "", null);

    public static string Call(string? type, string? method, string[] parameterTypes, string? queue = null) =>
        JsonConvert.SerializeObject(new { Type = type, Method = method, ParameterTypes = Texts(parameterTypes), Queue = queue });

    public static string Texts(params string?[] texts) => JsonConvert.SerializeObject(texts);

    public static string Nested(int depth) => new string('[', depth) + new string(']', depth);

    public static T One<T>(Random random, params ReadOnlySpan<T> of) => of[random.Next(of.Length)];

    /// <summary>A text of characters that somebody forgot to think of; a database can hold it.</summary>
    public static string Odd(Random random, int length)
    {
        var text = new StringBuilder();
        while (text.Length < length)
            text.Append(One(random, "a", "Z", "0", "_", "-", ".", ",", ";", ":", "+", "*", "&", "`", "'", "\"", "\\", "[", "]", "{", "}", "%", "$1", "\n", "\t",
                "\u0001", "\u007f", "\u00a0", "\u0301", "\u202e", "\u2028", "\ufeff", "\uffff", "ß", "İ", "中", "😀", "👩‍👩‍👧", "--", "/*", "null", "{0}", "\u0661"));
        return text.ToString();
    }

    /// <summary>Lower-case letters that no index can make shorter.</summary>
    public static string Letters(Random random, int length) => string.Create(length, random, static (span, random) =>
    {
        foreach (ref var letter in span)
            letter = (char)('a' + random.Next(26));
    });
}
