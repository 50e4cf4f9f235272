using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace JobRunner.Sandbox;

/// <summary>Has .NET load and compile what the first call needs, while something else is waited for. Nothing else comes of it.</summary>
static class WarmUp
{
    static readonly RunParams _job = new(
        0, 1, "default", typeof(GC).FullName!, nameof(GC.KeepAlive), [typeof(object).FullName!], ["1"]);

    /// <summary>Writes and reads the messages of both ends.</summary>
    public static async Task RunMessagesAsync()
    {
        using var stream = new MemoryStream();
        using var writer = new FrameWriter(stream);
        await WriteAsync(writer, Wire.Hello, new HelloParams("", Wire.Version), WireJson.Default.HelloParams);
        await WriteAsync(writer, Wire.Run, _job, WireJson.Default.RunParams);
        await writer.WriteAsync(new RpcResponse(new RpcResult(new RunResult(), WireJson.Default.RunResult), null),
            static (json, response) => RpcMessages.WriteResponse(json, new RpcId(1), response));
        stream.Position = 0;
        var reader = new FrameReader(stream);
        while (reader.Fill())
        {
            while (reader.TryTake() is { } message)
                Read(message.Span);
        }
    }

    /// <summary>The messages, and a job that does nothing. It all happens on the thread that calls: nothing in it waits.</summary>
    public static async Task RunAsync(ParentLink parent)
    {
        await RunMessagesAsync();
        var options = new JobRunnerOptions();
        options.JobAssemblies.Clear();
        options.JobAssemblies.Add(typeof(GC).Assembly);
        using var progress = new ProgressSender(0, parent, TimeProvider.System);
        var context = new SandboxJobContext(_job, new JobLogger(parent), progress, CancellationToken.None);
        var call = new Invocation(_job.Type, _job.Method, _job.ParameterTypes, _job.Arguments);
        await JobServices.CreatePerformer(options, parent).RunAsync(call, default, context);
    }

    static ValueTask WriteAsync<T>(FrameWriter writer, string method, T parameters, JsonTypeInfo<T> type) => writer.WriteAsync(
        (method, parameters, type), static (json, call) => RpcMessages.WriteCall(json, call.method, new RpcId(1), call.parameters, call.type));

    static void Read(ReadOnlySpan<byte> json)
    {
        var message = RpcEnvelope.Parse(json);
        if (message.Method == Wire.Run)
            message.Params.Read(WireJson.Default.RunParams);
        else if (message.Method is null)
            JsonSerializer.Deserialize(message.Result, WireJson.Default.RunResult);
    }
}
