using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace JobRunner.Sandbox.Tests;

/// <summary>Two ends of a connection in memory: ours, and one that a test plays by hand.</summary>
sealed class RpcPair : IAsyncDisposable
{
    readonly FrameReader _reader;
    readonly Socket _ours, _theirs;

    RpcPair(Socket ours, Socket theirs, IRpcTarget target)
    {
        (_ours, _theirs) = (ours, theirs);
        Connection = new JsonRpcConnection(new SocketStream(ours), target, 100_000);
        new Thread(Connection.Run) { IsBackground = true }.Start();
        Peer = new NetworkStream(theirs, ownsSocket: true);
        _reader = new FrameReader(Peer);
    }

    public JsonRpcConnection Connection { get; }

    public NetworkStream Peer { get; }

    public static async Task<RpcPair> CreateAsync(IRpcTarget target)
    {
        var path = Path.Combine(Path.GetTempPath(), $"rpc-{Guid.NewGuid():N}");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        var theirs = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await theirs.ConnectAsync(new UnixDomainSocketEndPoint(path));
        var ours = await listener.AcceptAsync();
        File.Delete(path);
        return new(ours, theirs, target);
    }

    public async Task SendAsync(string json) => await Peer.WriteAsync(Frame(json));

    public static byte[] Frame(string json) => Encoding.UTF8.GetBytes($"Content-Length: {Encoding.UTF8.GetByteCount(json)}\r\n\r\n{json}");

    /// <summary>The next message that our end sent.</summary>
    public async Task<JsonElement> ReceiveAsync() =>
        JsonElement.Parse((await Task.Run(() => _reader.Read()) ?? throw new EndOfStreamException()).Span);

    /// <summary>Waits until our end has ended, and says why.</summary>
    public async Task<string> EndAsync()
    {
        await Connection.Ended;
        return Connection.End!.Message;
    }

    public async ValueTask DisposeAsync()
    {
        Connection.Dispose();
        await Peer.DisposeAsync();
        _ours.Dispose();
        _theirs.Dispose();
    }
}
