using static JobRunner.Worker.Tests.Hostile.HostileRow;

namespace JobRunner.Worker.Tests.Hostile;

/// <summary>Calls that are none: shapes, names of types and methods, arguments.</summary>
static class HostileCalls
{
    const string Box = "JobRunner.TestSupport.JobsHardToKeep+Box`1";

    public static IReadOnlyList<Func<Random, HostileRow>> Kinds { get; } =
    [
        Shape, Shape, ParameterTypes, Method, UnknownType, ForbiddenType, TypeText, Generic, ArgumentShape, Number, Number, Text, Any, TypedObject, Other, TooMany, OwnQueue,
    ];

    static HostileRow Shape(Random random)
    {
        var (data, told) = One(random,
            ("{}", "has no 'Type'"), ("[]", "cannot be read"), ("\"text\"", "cannot be read"), ("7", "cannot be read"), ("null", "cannot be read"),
            ("""{"Type": 7, "Method": "X"}""", "cannot be read"), ("""{"Type": null, "Method": "X"}""", "has no 'Type'"),
            ("""{"Type": {"Type": "x"}, "Method": "X"}""", "cannot be read"), ("""{"Type": "x", "Method": null}""", "has no 'Method'"),
            ("""{"Type": "x", "Method": []}""", "cannot be read"), ("""{"type": "x", "method": "x"}""", "has no 'Type'"),
            ($$"""{"Type": "x", "Method": "x", "More": {{Nested(random.Next(65, 3000))}}}""", "cannot be read"),
            ($$"""{"Type": "x", "Method": "x", "ParameterTypes": {{Nested(random.Next(1, 3000))}}}""", "cannot be read"));
        return new("shape of a call", data, "[]", Ends.Failed, told);
    }

    static HostileRow ParameterTypes(Random random)
    {
        var (types, told) = One(random,
            ("7", "not an array"), ("{}", "not an array"), ("[7]", "not a string"), ("[", "cannot be read"), ("[\"System.Int32\"", "cannot be read"),
            (Nested(random.Next(2, 100_000)), "not a string"), (Texts(new string?[] { null }), "is not the name of a type"),
            (Texts([.. Enumerable.Repeat("System.Int32", random.Next(2, 5000))]), "no public method"),
            (Texts("System.Void"), "no public method"), (Texts("System.Int32*"), "pointer or a reference"), (Texts("System.Int32&"), "pointer or a reference"),
            (Texts("System.Int32[" + new string(',', 40) + "]"), "TakeNumberAsync"), (Texts("System.Span`1[[System.Byte]]"), "no public method"),
            (Texts("System.Nullable`1[[System.String]]"), "cannot be loaded"), (Texts("System.IO.FileInfo, NoSuchAssembly"), "not in an assembly"),
            (Texts("Hangfire.Server.PerformContext, Hangfire.Core"), "only Hangfire's server"), (Texts("System.NoSuchType"), "not in the base library"));
        var data = Newtonsoft.Json.JsonConvert.SerializeObject(new { Type = Jobs, Method = "TakeNumberAsync", ParameterTypes = types });
        return new("parameter types", data, "[\"7\"]", Ends.Failed, told);
    }

    static HostileRow Method(Random random) => new("method", Call(Jobs, One(random,
        "", ".", ".ctor", "Finalize", "MemberwiseClone", "takenumberasync", "TakeNumberAsync ", "op_Equality", "get_Length", "<Main>$",
        Odd(random, random.Next(1, 100)) + "!", new string('x', random.Next(1, 100_000))), ["System.Int32"]), "[\"7\"]", Ends.Failed, "no public method");

    static HostileRow UnknownType(Random random) => new("unknown type", Call(One(random,
        "JobRunner.TestSupport.NoSuchType, TestSupport", "JobRunner.TestSupport.hostilejobs, TestSupport", "JobsHardToKeep, TestSupport",
        $"N{random.Next()}.T{random.Next()}, TestSupport, Version=99.9.9.9, Culture=xx, PublicKeyToken=0123456789abcdef",
        "JobRunner.TestSupport.JobsHardToKeep+Missing+Deeper, TestSupport"), "Run", []), "[]", Ends.Failed, "is not in assembly");

    static HostileRow ForbiddenType(Random random) => new("forbidden type", Call(One(random,
        "System.IO.File, System.Runtime", "System.Diagnostics.Process, System.Diagnostics.Process", "System.Environment", "System.AppDomain, mscorlib",
        "Newtonsoft.Json.JsonConvert, Newtonsoft.Json", "JobRunner.JobClient, JobRunner.Jobs", "Npgsql.NpgsqlConnection, Npgsql",
        "System.Collections.Generic.List`1[[JobRunner.TestSupport.JobsHardToKeep, TestSupport]], mscorlib",
        $"Some.Type{random.Next(50)}, Some.Other.Application{random.Next(50)}"), One(random, "Exit", "Start", "Delete", "Run"), ["System.String"]),
        "[\"\\\"/etc/passwd\\\"\"]", Ends.Failed, "not in an assembly that this worker may run jobs from");

    static HostileRow TypeText(Random random) => new("text for a type", Call(One(random,
        "", " ", ",", "[[[[", "]]", "`1", "A`999999999999999999999[[B]], TestSupport", "JobRunner.TestSupport.JobsHardToKeep&, TestSupport",
        "JobRunner.TestSupport.JobsHardToKeep*, TestSupport", "JobRunner.TestSupport.JobsHardToKeep\\, TestSupport",
        string.Concat(Enumerable.Repeat("System.Collections.Generic.List`1[[", 2000)) + "System.Int32" + string.Concat(Enumerable.Repeat("]]", 2000)),
        Odd(random, random.Next(1, 60)), Odd(random, random.Next(1, 60)) + ", TestSupport", Odd(random, 100_000), new string('[', random.Next(1, 100_000))),
        "Run", []), "[]", Ends.Failed, "'");

    static HostileRow Generic(Random random)
    {
        var (type, method, parameter, told) = One(random,
            ($"{Box}[[System.Int32]], TestSupport", "RunAsync", "System.Int32", "cannot be loaded"),
            ($"{Box}[[System.String]], TestSupport", "RunAsync", "System.String", "cannot be loaded"),
            ($"{Box}[[System.Object],[System.Object]], TestSupport", "RunAsync", "System.Object", "cannot be loaded"),
            ($"{Box}, TestSupport", "RunAsync", "System.Object", "no public method"),
            ($"{Box}[[System.Object]][], TestSupport", "RunAsync", "System.Object", "no public method"),
            ($"{Box}[[System.Object]][{new string(',', 50)}], TestSupport", "RunAsync", "System.Object", ""),
            ($"{Box}[[System.Nullable`1[[System.Int32]]]], TestSupport", "RunAsync", "System.Int32", "cannot be loaded"),
            (Jobs, "TakeGenericAsync", "System.String", "no public method"),
            (Jobs, "TakeSpanAsync", "System.Span`1[[System.Byte]]", ""),
            (Jobs, "TakeReference", "System.Int32", "no public method"),
            ("JobRunner.TestSupport.JobsHardToKeep+Unmakeable, TestSupport", "RunAsync", "", "Throwing"),
            ("JobRunner.TestSupport.JobsHardToKeep+Exploding, TestSupport", "RunAsync", "", "type initializer"),
            ("JobRunner.IJobClient, JobRunner.Jobs", "GetAsync", "System.Int64", "not in an assembly"));
        return new("generics, and types that nobody can make", Call(type, method, parameter.Length == 0 ? [] : [parameter]),
            parameter.Length == 0 ? "[]" : "[\"7\"]", Ends.Failed, told);
    }

    static HostileRow ArgumentShape(Random random)
    {
        var (arguments, told) = One(random,
            ("{}", "not an array"), ("7", "not an array"), ("null", "not an array"), ("\"[\"", "not an array"), ("[7]", "not a string"), ("[[]]", "not a string"),
            (Nested(random.Next(2, 3000)), "not a string"), ("[]", "takes 1 arguments, and 0 are stored"), ("[\"7\",\"8\"]", "takes 1 arguments, and 2 are stored"));
        return Of("shape of arguments", Ends.Failed, told, "TakeNumberAsync", "System.Int32", "7") with { Arguments = arguments };
    }

    static HostileRow Number(Random random) => Of("number", Ends.Failed, "Argument 'number'", "TakeNumberAsync", "System.Int32", One(random,
        "", " ", "x", "null", "\"x\"", "{}", "[", "]", "{\"a\":", "1e400", "-", "99999999999999999999", "1.5.5", "NaN", "undefined", "new Date(1)", "truetrue",
        new string('9', random.Next(20, 5000)), Odd(random, random.Next(1, 50)) + "!", Nested(100_000), "/* " + new string('x', 10_000)));

    static HostileRow Text(Random random) => Of("text", Ends.Succeeded, "", "TakeTextAsync", "System.String", Newtonsoft.Json.JsonConvert.ToString(
        Odd(random, One(random, 10, 100, 50_000))).Replace("\"\\", "\"\\ud800\\u0000\\", StringComparison.Ordinal));

    static HostileRow Any(Random random) => Of("any value", Ends.Somehow, "", "TakeAsync", "System.Object", One(random,
        "", "undefined", "NaN", "Infinity", "-0", "1e308", new string('9', random.Next(1, 400)), Nested(20), Nested(500), "/**/7", "7 /* */", "{\"$ref\":\"1\"}", "{\"$id\":\"1\",\"$values\":[]}",
        "{\"a\":{\"$ref\":\"1\"},\"$id\":\"1\"}", "new Date(1)", "new X(" + Nested(30) + ")", "{'a':'b',}", "[,,]", "{\"a\":1,\"a\":2}", Odd(random, random.Next(1, 100))));

    static HostileRow TypedObject(Random random)
    {
        var (json, told) = One(random,
            ("""{"$type":"System.IO.FileInfo, System.IO.FileSystem","fileName":"/etc/passwd"}""", "Argument 'any'"),
            ("""{"$type":"System.Diagnostics.Process, System.Diagnostics.Process"}""", "Argument 'any'"),
            ("""{"$type":"System.Windows.Data.ObjectDataProvider, PresentationFramework","MethodName":"Start"}""", "Argument 'any'"),
            ($$"""{"$type":"{{Box}}[[System.Int32]], TestSupport"}""", "Argument 'any'"), ("""{"$type":"x"}""", "Argument 'any'"), ("""{"$type":""}""", ""),
            ("""{"$type":"System.Collections.Generic.List`1[[System.IO.FileInfo, System.IO.FileSystem]], mscorlib","$values":[]}""", "Argument 'any'"),
            (Nested(random.Next(129, 100_000)), "nested deeper than 128"));
        return Of("typed object", told.Length == 0 ? Ends.Somehow : Ends.Failed, told, "TakeAsync", "System.Object", json);
    }

    static HostileRow Other(Random random)
    {
        var (method, type, json) = One(random,
            ("TakeInstantAsync", "System.DateTimeOffset, mscorlib", One(random, "\"infinity\"", "\"0000-00-00\"", "\"294276-01-01\"", "99999999999999999999", "{}", "\"/Date(99999999999999999)/\"")),
            ("TakeDecimalAsync", "System.Decimal, mscorlib", One(random, "1e400", "NaN", "\"1,0,0.0.0\"", new string('9', 300), "[]")),
            ("TakeManyAsync", "System.Collections.Generic.List`1[[System.Collections.Generic.Dictionary`2[[System.String, mscorlib],[System.Guid, mscorlib]], mscorlib]], mscorlib",
                One(random, "{}", "[7]", "[{\"a\":\"no guid\"}]", "[[[]]]", "[{\"a\":{}}]")),
            ("TakeBytesAsync", "System.Byte[], mscorlib", One(random, "\"no base 64!\"", "[256]", "[-1]", "{}", "[\"x\"]")));
        return Of("value of another type", Ends.Failed, "Argument '", method, type, json);
    }

    static HostileRow TooMany(Random random) => Of("many arguments", Ends.Failed, "arguments, and", "TakeNumberAsync", "System.Int32", "7")
        with { Arguments = Texts([.. Enumerable.Repeat("7", random.Next(2, 5000))]) };

    static HostileRow OwnQueue(Random random) => new("queue of a call", Call(Jobs, "FailAsync", [], One(random,
        "", " ", "UPPER", "a b", Odd(random, 20) + "!", Letters(random, 5000), Odd(random, 10_000))), "[]", Ends.Failed, "queue");
}
