using System.Net.Sockets;

namespace JobRunner.Sandbox;

/// <summary>
/// A socket of which one thread reads. It sleeps in the kernel until there is something, so nobody else has to wake it; .NET's own
/// stream, once it has been written to asynchronously, is woken by way of another thread. What is written goes at once as long as
/// the socket takes it, and only the rest waits, asynchronously.
/// </summary>
sealed class SocketStream : NetworkStream
{
    public SocketStream(Socket socket)
        : base(socket, ownsSocket: true) => socket.Blocking = false;

    /// <summary>Waits until there is something to read, or the end. False when the time is up.</summary>
    /// <exception cref="SocketException">The socket is closed.</exception>
    /// <exception cref="ObjectDisposedException">This is disposed.</exception>
    public bool Wait(TimeSpan limit)
    {
        if (Socket.Poll(limit, SelectMode.SelectRead))
            return true;
        _ = Socket.Available; // throws when it is closed, of which the poll tells nothing
        return false;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var sent = Socket.Send(buffer.Span, SocketFlags.None, out var error);
        return error == SocketError.Success && sent == buffer.Length ? default : base.WriteAsync(buffer[sent..], cancellationToken);
    }
}
