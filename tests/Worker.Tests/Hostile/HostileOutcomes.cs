using Newtonsoft.Json;
using static JobRunner.Worker.Tests.Hostile.HostileRow;

namespace JobRunner.Worker.Tests.Hostile;

/// <summary>Jobs that run, and leave what is hard to keep.</summary>
static class HostileOutcomes
{
    const string OddJobs = "JobRunner.TestSupport.OddJobs, TestSupport";
    const string ScriptedJobs = "JobRunner.TestSupport.ScriptedJobs, TestSupport";

    /// <summary>Those that cost little.</summary>
    public static IReadOnlyList<Func<Random, HostileRow>> Kinds { get; } =
    [
        random => Return(One(random, "half", "digits", "numbers", "type", "thread", "delegate", "throws", "circle", "keys", "task", "json", "deep", "none")),
        random => Throw(One(random, "null message", "bad message", "bad text", "null text", "bad stack", "bad data", "half")),
    ];

    /// <summary>Those that cost much, each once: long and deep ones, and those that end a sandbox.</summary>
    public static IReadOnlyList<HostileRow> Heavy { get; } =
    [
        Return("long"), Return("endless list"), Throw("deep"), Throw("deep aggregate"), Throw("wide"), Throw("long"), Throw("own message, deep"),
        new("endless result", Call(OddJobs, "ReturnEndlessAsync", []), "[]", Ends.Succeeded),
        new("endless result of a sandbox", Call(OddJobs, "ReturnEndless", []), "[]", Ends.Succeeded),
        InSandbox("bad message", "cannot be read"), InSandbox("deep", "one of many"), InSandbox("half", "half a character"), InSandbox("long", "xxx"),
        new("end of a sandbox", Call(ScriptedJobs, "OverflowTheStack", []), "[]", Ends.Failed, "tack"),
        new("end of a sandbox", Call(ScriptedJobs, "Exit", ["System.Int32"]), "[\"0\"]", Ends.Failed, "exit"),
        new("value for a sandbox", Call(ScriptedJobs, "Exit", ["System.Int32"]), "[\"x\"]", Ends.Failed, "Argument 'code'"),
    ];

    /// <summary>One that has much memory itself, for a run of many rows.</summary>
    public static HostileRow Huge { get; } = new("result of 200 MB", Call(ScriptedJobs, "LongAsync", ["System.Int32"]), "[\"200000000\"]", Ends.Succeeded);

    static HostileRow Return(string kind) => Of($"result: {kind}", Ends.Succeeded, "", "ReturnAsync", "System.String", JsonConvert.ToString(kind));

    static HostileRow Throw(string kind) => new($"exception: {kind}", Call(OddJobs, "ThrowAsync", ["System.String"]), Texts(JsonConvert.ToString(kind)), Ends.Failed);

    static HostileRow InSandbox(string kind, string told) =>
        new($"exception of a sandbox: {kind}", Call(OddJobs, "Throw", ["System.String"]), Texts(JsonConvert.ToString(kind)), Ends.Failed, told);
}
