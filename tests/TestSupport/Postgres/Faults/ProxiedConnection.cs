using System.Buffers.Binary;
using System.Net.Sockets;

namespace JobRunner.TestSupport;

/// <summary>One client's connection, and the one to the server that was made for it.</summary>
sealed class ProxiedConnection(FaultProxy proxy, Socket client) : IDisposable
{
    const int ChunkSize = 64 * 1024;
    const int CancelRequest = 80877102;
    const int SslRequest = 80877103;
    const int EncryptionRequest = 80877104;

    readonly Socket _server = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    readonly CancellationTokenSource _cut = new();
    readonly Cycles _cycles = new();
    readonly Lock _lock = new();
    bool _isCut;

    /// <summary>Passes bytes on until one end closes, or it is cut.</summary>
    public async Task RunAsync()
    {
        try
        {
            await proxy.AllowedAsync(_cut.Token);
            await _server.ConnectAsync(proxy.Target, _cut.Token);
            if (await StartUpAsync())
                await Task.WhenAll(OrCutAsync(PassRequestsAsync()), OrCutAsync(PassAnswersAsync()));
            else
                await Task.WhenAll(OrCutAsync(PassAsync(client, _server)), OrCutAsync(PassAsync(_server, client)));
        }
        catch (Exception e) when (IsEnd(e))
        {
            Cut();
        }
    }

    /// <summary>Ends both connections at once, with a reset.</summary>
    public void Cut()
    {
        lock (_lock)
        {
            if (_isCut)
                return;
            _isCut = true;
            Reset(client);
            Reset(_server);
            _cut.Cancel();
        }
    }

    public void Dispose()
    {
        Cut();
        lock (_lock)
            _cut.Dispose();
    }

    static void Reset(Socket socket)
    {
        if (socket.Connected)
            socket.LingerState = new(enable: true, seconds: 0);
        socket.Dispose();
    }

    static bool IsEnd(Exception e) => e is SocketException or OperationCanceledException or ObjectDisposedException;

    async Task OrCutAsync(Task passing)
    {
        try
        {
            await passing;
        }
        catch (Exception e) when (IsEnd(e))
        {
            Cut();
        }
    }

    // Messages before the startup proper have no type. False when what follows is not a session.
    async Task<bool> StartUpAsync()
    {
        while (true)
        {
            var length = new byte[4];
            await ReceiveExactlyAsync(length);
            var rest = new byte[BinaryPrimitives.ReadInt32BigEndian(length) - length.Length];
            await ReceiveExactlyAsync(rest);
            var code = BinaryPrimitives.ReadInt32BigEndian(rest);
            if (code is SslRequest or EncryptionRequest)
            {
                await SendAsync(client, "N"u8.ToArray());
                continue;
            }

            _cycles.Open();
            _cycles.Close(); // the server is ready for queries first of all
            await proxy.AllowedAsync(_cut.Token);
            await SendAsync(_server, (byte[])[.. length, .. rest]);
            return code != CancelRequest;
        }
    }

    async Task PassRequestsAsync()
    {
        var requests = new Requests(proxy, _cycles);
        var buffer = new byte[ChunkSize];
        while (await client.ReceiveAsync(buffer, _cut.Token) is var received and > 0)
        {
            await proxy.AllowedAsync(_cut.Token);
            var allowed = requests.Read(buffer.AsSpan(0, received));
            await SendAsync(_server, buffer.AsMemory(0, allowed));
            if (allowed < received)
                Cut();
        }

        _server.Shutdown(SocketShutdown.Send);
    }

    async Task PassAnswersAsync()
    {
        var answers = new Answers(_cycles);
        var forward = new List<ReadOnlyMemory<byte>>();
        var buffer = new byte[ChunkSize];
        while (await _server.ReceiveAsync(buffer, _cut.Token) is var received and > 0)
        {
            forward.Clear();
            if (!answers.Read(buffer.AsMemory(0, received), forward))
            {
                Cut();
                return;
            }

            await proxy.AllowedAsync(_cut.Token, isAnswer: true);
            foreach (var part in forward)
                await SendAsync(client, part);
        }

        client.Shutdown(SocketShutdown.Send);
    }

    async Task PassAsync(Socket from, Socket to)
    {
        var buffer = new byte[ChunkSize];
        while (await from.ReceiveAsync(buffer, _cut.Token) is var received and > 0)
            await SendAsync(to, buffer.AsMemory(0, received));
        to.Shutdown(SocketShutdown.Send);
    }

    async Task ReceiveExactlyAsync(Memory<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            var received = await client.ReceiveAsync(buffer, _cut.Token);
            if (received == 0)
                throw new SocketException((int)SocketError.ConnectionReset);
            buffer = buffer[received..];
        }
    }

    async Task SendAsync(Socket to, ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
            bytes = bytes[await to.SendAsync(bytes, _cut.Token)..];
    }
}
