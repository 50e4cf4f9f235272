using System.Net.Sockets;

namespace JobRunner.Sandbox;

/// <summary>A socket of which one thread reads. It sleeps in the kernel until there is something, so nobody else has to wake it;
/// .NET's own stream, once it has been written to asynchronously, is woken by way of another thread.</summary>
sealed class SocketStream(Socket socket) : NetworkStream(socket, ownsSocket: true)
{
    // Who sleeps on a descriptor keeps what is behind it open. Should a job close it, the other end is to see that nonetheless.
    static readonly TimeSpan _letGo = TimeSpan.FromMilliseconds(500);

    public override int Read(Span<byte> buffer)
    {
        while (!Socket.Poll(_letGo, SelectMode.SelectRead))
            _ = Socket.Available; // throws when it is closed, of which the poll tells nothing
        return base.Read(buffer);
    }
}
