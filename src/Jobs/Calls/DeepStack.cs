using System.Runtime.ExceptionServices;
using Newtonsoft.Json;

namespace JobRunner;

/// <summary>
/// Room for deeply nested values. Newtonsoft.Json catches and throws again at each level, and until the outermost one has done so, .NET
/// keeps some 20 KB of stack for each: an error below a hundred levels overflows a small stack. So what is nested deeper than a few levels
/// is read and written on a thread with a large one.
/// </summary>
static class DeepStack
{
    /// <summary>How deep values may be nested on any stack.</summary>
    public const int Shallow = 32;

    /// <summary>How deep values may be nested at all, whatever settings say.</summary>
    public const int Deepest = 512;

    const int StackBytes = 32 * 1024 * 1024;

    /// <summary>Runs it on a thread with a large stack, and throws what it throws.</summary>
    public static T Run<T>(Func<T> work)
    {
        var result = default(T);
        ExceptionDispatchInfo? error = null;
        var thread = new Thread(() =>
        {
            try
            {
                result = work();
            }
            catch (Exception e)
            {
                error = ExceptionDispatchInfo.Capture(e);
            }
        }, StackBytes);
        thread.Start();
        thread.Join();
        error?.Throw();
        return result!;
    }

    /// <summary>How deep a JSON text is nested, as far as it can be read.</summary>
    /// <exception cref="JsonReaderException">Deeper than may be.</exception>
    public static int DepthOf(string json, int maxDepth)
    {
        // What stands in texts counts as well, which does not matter: it is a bound.
        var openings = json.AsSpan().Count('[') + json.AsSpan().Count('{');
        if (openings <= Math.Min(Shallow, maxDepth))
            return openings;
        using var reader = new JsonTextReader(new StringReader(json)) { MaxDepth = null, DateParseHandling = DateParseHandling.None };
        var depth = 0;
        try
        {
            while (depth <= maxDepth && reader.Read())
                depth = Math.Max(depth, reader.TokenType is JsonToken.StartObject or JsonToken.StartArray or JsonToken.StartConstructor ? reader.Depth + 1 : 0);
        }
        catch (JsonReaderException)
        {
            // whoever reads it in earnest tells what is wrong
        }

        return depth <= maxDepth ? depth : throw new JsonReaderException($"It is nested deeper than {maxDepth} levels (MaxDepth of the argument settings).");
    }
}
