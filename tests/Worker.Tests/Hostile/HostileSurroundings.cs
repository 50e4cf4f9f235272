using Newtonsoft.Json;
using static JobRunner.Worker.Tests.Hostile.HostileRow;

namespace JobRunner.Worker.Tests.Hostile;

/// <summary>Sound calls with something odd around them: instants, states, parameters, queue rows, entries of sets.</summary>
static class HostileSurroundings
{
    const string DeadWorker = """{"StartedAt": "1795212715109", "ServerId": "jobrunner@dead:1:a", "WorkerId": "0123456789"}""";

    static readonly string[] _instants = ["infinity", "-infinity", "294276-12-31", "4713-01-01 BC", "0001-01-01 BC", "10000-01-01", "9999-12-31 23:59:59.999999"];

    public static IReadOnlyList<Func<Random, HostileRow>> Kinds { get; } =
    [
        random => Harmless("created at odd times") with { Created = One<string>(random, _instants) },
        random => Harmless("expires at odd times") with { Expires = One<string>(random, _instants), Ends = Ends.Somehow },
        random => Harmless("state") with { StateData = Data(random) },
        random => Failing("state of one that fails") with { StateData = Data(random) },
        random => Harmless("name of a state") with { StateName = One<string?>(random, "Processing", "Scheduled"), StateData = Data(random) },
        random => Harmless("count") with { Parameters = Pairs(("RetryCount", Count(random)), ("CrashCount", Count(random))) },
        random => Failing("count of one that fails") with { Parameters = Pairs(("RetryCount", Count(random)), ("CrashCount", Count(random))) },
        random => Harmless("cultures") with { Parameters = Pairs(("CurrentCulture", Json(random)), ("CurrentUICulture", Json(random)), ("Time", Json(random)), ("RecurringJobId", Json(random))) },
        random => Harmless("continuations") with { Parameters = Pairs(("Continuations", Continuations(random))) },
        random => Harmless("parameters") with { Parameters = Pairs(("RetryCount", "1"), ("RetryCount", null), ("RetryCount", "0"), ("", ""), (Odd(random, 20), Odd(random, 20))) },
        random => Harmless("deaths") with { Parameters = Pairs(("WorkerDeaths", Deaths(random))) },
        random => Failing("deaths of one that fails") with { Parameters = Pairs(("WorkerDeaths", Deaths(random))) },
        random => Harmless("deaths, and one more") with { Parameters = Pairs(("WorkerDeaths", Deaths(random))), IsClaimed = true, Token = -3, StateName = "Processing", StateData = DeadWorker },
        random => Harmless("deaths enough") with { Parameters = Pairs(("WorkerDeaths", "[1,2,3,4]")), Ends = Ends.Failed, Told = "workers died" },
        random => Harmless("token") with { Token = One(random, int.MaxValue, int.MinValue, int.MinValue + 1, -1) },
        random => Failing("token of one that fails") with { Token = One(random, int.MaxValue, int.MinValue, int.MinValue + 1, -1) },
        random => Harmless("token of a dead one") with { Token = One(random, int.MinValue, int.MinValue + 1), IsClaimed = true },
        random => Harmless("queue rows") with { QueueRows = random.Next(2, 5) },
        random => Failing("queue rows of one that fails") with { QueueRows = random.Next(2, 5) },
        random => Harmless("scheduled") with { StateName = "Scheduled", StateData = Scheduled(random), QueueRows = 0, Set = "schedule" },
        random => Harmless("scheduled, on an odd queue") with
        {
            Invocation = Call(Jobs, "TakeNumberAsync", ["System.Int32"], One(random, "NO QUEUE", Letters(random, 5000))),
            StateName = "Scheduled", StateData = Scheduled(random), QueueRows = 0, Set = "schedule", Ends = Ends.Failed, Told = "queue",
        },
        random => Harmless("waits for one that is gone") with { StateName = "Awaiting", StateData = Awaiting("999999999999", "{\"$type\":\"Hangfire.States.EnqueuedState, Hangfire.Core\"}"), QueueRows = 0, Set = "awaiting" },
        random => Harmless("waits for one that is gone, for what cannot be read") with
        {
            StateName = "Awaiting", StateData = Awaiting("999999999999", NextState(random)), QueueRows = 0, Set = "awaiting", Ends = Ends.Failed, Told = "",
        },
        random => Harmless("waits for nothing") with
        {
            StateName = "Awaiting", QueueRows = 0, Set = "awaiting", Ends = Ends.Waiting,
            StateData = One<string?>(random, null, "[]", "{}", "7", Awaiting("no number", "x"), Awaiting("-1", "x"), Awaiting(new string('9', 100), "x"), "{\"ParentId\": {}}"),
        },
        random => Of("queue of an attribute", Ends.Failed, "no luck", "FailOnQueueAsync", "System.String", JsonConvert.ToString(One(random, "", "NO QUEUE", Odd(random, 20), Letters(random, 5000)))),
        random => Of("resource", Ends.Succeeded, "", "ExclusiveAsync", "System.String", JsonConvert.ToString(One(random, "", "{0}", Odd(random, 20), Letters(random, 50)))),
        random => Of("resource that no index takes", Ends.Failed, "[DisableConcurrentExecution]", "ExclusiveAsync", "System.String", JsonConvert.ToString(Letters(random, 5000))),
    ];

    static string? Data(Random random) => One(random,
        null, "[]", "7", "\"x\"", "null", "{}", Nested(random.Next(65, 3000)), $$"""{"Queue": {{Nested(random.Next(1, 3000))}}}""", """{"EnqueuedAt": 7, "Queue": null}""",
        """{"EnqueuedAt": "yesterday", "Queue": "NO QUEUE"}""", JsonConvert.SerializeObject(new { EnqueuedAt = Odd(random, 20), Queue = Odd(random, 20) }), """{"ServerId": {}, "StartedAt": []}""");

    static string? Count(Random random) =>
        One(random, "2147483647", "2147483646", "-5", "99999999999999999999", "", " 1", "x", "1e9", "\u0661", null, "[]", "\"1\"", Odd(random, 10) + "!");

    static string? Json(Random random) => One(random,
        null, "", "\"", "\"\"", "\"xx-YY-zz\"", "7", "[[[[", "{\"a\":", "\"\\ud800\"", "\"" + new string('x', 5000) + "\"", Nested(1000), JsonConvert.ToString(Odd(random, 10)), Odd(random, 10), "1e999999999");

    static string? Continuations(Random random) => One(random,
        null, "", "{}", "7", "[7]", "[{}]", "[{\"JobId\":{}}]", "[{\"JobId\":\"-1\"}]", "[{\"JobId\":\"999999999999\"}]", "[{\"JobId\":99999999999999999999999}]", "[{\"JobId\":\"1\"},{\"JobId\":\"1\"}]",
        "[{\"JobId\":\"1\",\"Options\":[]}]", "[[[[", Nested(5000), Odd(random, 30), "[" + new string('9', 5000) + "]");

    static string? Deaths(Random random) => One(random,
        null, "", "[", "[]", "[,]", "[1,,2]", "[ ]", "[1 2]", "[01]", "[-1]", "[99999999999999999999999999]", "[1,\"x\"]", "{}", "null", "7", Nested(5000), Odd(random, 10));

    static string? Scheduled(Random random) => One(random,
        null, "{}", "[]", """{"EnqueueAt": "0"}""", """{"EnqueueAt": 7}""", """{"EnqueueAt": "yesterday"}""", $$"""{"EnqueueAt": "-{{random.Next()}}"}""", """{"EnqueueAt": "2020-01-01T00:00:00Z"}""",
        $$"""{"EnqueueAt": "{{new string('9', 400)}}"}""", $$"""{"EnqueueAt": {{Nested(random.Next(65, 3000))}}}""");

    static string NextState(Random random) => One(random,
        "", "7", "[]", "{}", "{\"$type\":7}", "{\"$type\":\"System.IO.FileInfo\"}", Nested(5000), Odd(random, 30), "{\"$type\":\"Hangfire.States.EnqueuedState, Hangfire.Core\",\"Queue\":\"NO QUEUE\"}",
        "{\"$type\":\"Hangfire.States.EnqueuedState, Hangfire.Core\",\"Queue\":\"" + Letters(random, 5000) + "\"}", "{\"$type\":\"Hangfire.States.EnqueuedState, Hangfire.Core\",\"Queue\":[[7]]}",
        "{\"$type\":\"Hangfire.States.ScheduledState, Hangfire.Core\",\"EnqueueAt\":\"yesterday\"}");

    static string Awaiting(string parent, string nextState) => JsonConvert.SerializeObject(new { ParentId = parent, NextState = nextState });

    static string Pairs(params (string Name, string? Value)[] pairs) => JsonConvert.SerializeObject(pairs.Select(pair => new[] { pair.Name, pair.Value }));
}
