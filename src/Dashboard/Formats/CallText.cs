using System.Text;
using System.Text.Json;

namespace JobRunner.Dashboard.Formats;

/// <summary>A stored call as C# that a person can read. It need not compile: objects keep their JSON.</summary>
static class CallText
{
    const int LineLength = 88;
    const int MaxArgument = 10_000;

    /// <summary>Type and method, without the namespace.</summary>
    public static string Name(Invocation call) => $"{TypeDisplay.Short(call.Type)}.{call.Method}";

    /// <summary>The arguments on one short line.</summary>
    public static string Arguments(Invocation call, int length = 80)
    {
        var text = new StringBuilder("(");
        for (var i = 0; i < call.Arguments.Count && text.Length <= length; i++)
            text.Append(i == 0 ? "" : ", ").Append(Cut.ToLine(Argument(call, i).Text, length));
        return Cut.ToLine(text.Append(')').ToString(), length);
    }

    /// <summary>The whole call, in pieces with the class that colours each.</summary>
    public static IEnumerable<(string Class, string Text)> Pieces(Invocation call)
    {
        if (TypeDisplay.Namespace(call.Type) is { } space)
        {
            yield return ("kw", "using");
            yield return ("", $" {space};\n\n");
        }

        yield return ("ty", TypeDisplay.Short(call.Type));
        yield return ("", ".");
        yield return ("me", call.Method);
        yield return ("", "(");
        var arguments = Enumerable.Range(0, call.Arguments.Count).Select(i => Argument(call, i)).ToArray();
        var isShort = arguments.Sum(a => a.Text.Length + a.Type.Length + 3) <= LineLength && !arguments.Any(a => a.Text.Contains('\n'));
        for (var i = 0; i < arguments.Length; i++)
        {
            var (type, kind, text) = arguments[i];
            yield return ("", isShort ? "" : "\n    ");
            if (type.Length > 0)
                yield return ("ty", type + " ");
            yield return (kind, isShort ? text : text.Replace("\n", "\n    ", StringComparison.Ordinal));
            yield return ("", i == arguments.Length - 1 ? "" : isShort ? ", " : ",");
        }

        yield return ("", ");");
    }

    static (string Type, string Kind, string Text) Argument(Invocation call, int index)
    {
        var type = index < call.ParameterTypes.Count ? TypeDisplay.Short(call.ParameterTypes[index]) : "";
        var json = call.Arguments[index];
        if (json is null or "null")
            return type switch
            {
                "CancellationToken" => ("", "ty", "CancellationToken.None"),
                "IJobContext" => ("", "", "context"),
                _ => ("", "kw", "null"),
            };
        return JsonText.KindOf(json) switch
        {
            JsonValueKind.String => (type is "string" or "object" or "char" ? "" : type, "st", JsonText.Pretty(json, MaxArgument)),
            JsonValueKind.Number => ("", "nu", json.Length < 40 ? json.Trim() : Cut.ToLength(json, MaxArgument)),
            JsonValueKind.True or JsonValueKind.False => ("", "kw", json.Trim()),
            _ => (type, "", JsonText.Pretty(json, MaxArgument)),
        };
    }
}
