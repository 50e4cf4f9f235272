using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace JobRunner.Sandbox.Tests;

/// <summary>The parent's end of a real child's connection, played by hand from docs/sandbox-protocol.md.</summary>
sealed class HandMadeParent : IAsyncDisposable
{
    readonly SpawnThread _thread = new();
    readonly NetworkStream _stream;
    readonly FrameReader _reader;

    HandMadeParent(Process process, SpawnThread thread, Socket socket)
    {
        _thread = thread;
        Process = process;
        _stream = new NetworkStream(socket, ownsSocket: true);
        _reader = new FrameReader(_stream);
    }

    public Process Process { get; }

    public static async Task<HandMadeParent> StartAsync(string token, int? parentId = null)
    {
        using var directory = new SocketDirectory();
        using var listener = directory.Listen();
        var thread = new SpawnThread();
        var process = await thread.StartAsync(CommandLine(listener.Path, parentId ?? Environment.ProcessId));
        await process.StandardInput.WriteLineAsync(token);
        process.StandardInput.Close();
        using var died = new CancellationTokenSource();
        _ = process.WaitForExitAsync(CancellationToken.None).ContinueWith(_ => died.Cancel(), TaskScheduler.Default);
        return new(process, thread, await listener.AcceptAsync(died.Token));
    }

    public async Task SendAsync(string json) =>
        await _stream.WriteAsync(Encoding.UTF8.GetBytes($"Content-Length: {Encoding.UTF8.GetByteCount(json)}\r\n\r\n{json}"));

    public async Task<JsonElement> ReceiveAsync() =>
        JsonElement.Parse((await Task.Run(() => _reader.Read()) ?? throw new EndOfStreamException()).Span);

    /// <summary>The next message, which is an error: whose, and which.</summary>
    public async Task<(int Id, int Code)> ErrorAsync()
    {
        var answer = await ReceiveAsync();
        return (answer.GetProperty("id").GetInt32(), answer.GetProperty("error").GetProperty("code").GetInt32());
    }

    /// <summary>Answers the greeting, and makes the child load this assembly's jobs.</summary>
    public async Task InitializeAsync()
    {
        var hello = await ReceiveAsync();
        await SendAsync($$"""{"jsonrpc":"2.0","id":{{hello.GetProperty("id")}},"result":null}""");
        var assembly = JsonSerializer.Serialize(typeof(HandMadeParent).Assembly.Location);
        await SendAsync($$"""{"jsonrpc":"2.0","id":"init","method":"initialize","params":{"jobAssemblies":[{{assembly}}],"modules":[] } }""");
        (await ReceiveAsync()).GetProperty("id").GetString().ShouldBe("init");
    }

    public void HangUp() => _stream.Dispose();

    public async ValueTask DisposeAsync()
    {
        HangUp();
        await Process.WaitForExitAsync();
        Process.Dispose();
        _thread.Dispose();
    }

    static ProcessStartInfo CommandLine(string socket, int parentId)
    {
        var files = HostFiles.Find();
        return new(files.Muxer, ["exec", "--runtimeconfig", files.RuntimeConfig, "--depsfile", files.DepsFile!, files.SandboxAssembly,
            "--socket", socket, "--parent", $"{parentId}"]) { RedirectStandardInput = true };
    }
}
