using System.Net.Sockets;

namespace JobRunner.Sandbox;

/// <summary>A directory that only this user can enter, for the sockets that children connect to.</summary>
sealed class SocketDirectory : IDisposable
{
    DirectoryInfo _directory = Create();
    int _last;

    /// <summary>A socket for one child.</summary>
    public SocketListener Listen()
    {
        if (!Directory.Exists(_directory.FullName))
            _directory = Create(); // somebody cleans old temporary files
        return new(Path.Combine(_directory.FullName, $"{Interlocked.Increment(ref _last)}"));
    }

    public void Dispose()
    {
        try
        {
            _directory.Delete(recursive: true);
        }
        catch (IOException)
        {
            // somebody cleaned the temporary files before us
        }
    }

    // Made with mode 0700 and a name that nobody can foresee.
    static DirectoryInfo Create() => Directory.CreateTempSubdirectory("jobrunner-");
}

/// <summary>Waits for one child. Its path is gone as soon as the child has connected, or is not waited for any more.</summary>
sealed class SocketListener : IDisposable
{
    readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    public SocketListener(string path)
    {
        Path = path;
        try
        {
            _socket.Bind(new UnixDomainSocketEndPoint(path));
            _socket.Listen(1);
        }
        catch (Exception e) when (e is SocketException or ArgumentOutOfRangeException)
        {
            _socket.Dispose();
            throw new SandboxStartException(
                $"The socket '{path}' could not be made: {e.Message} Its directory follows TMPDIR; the path may have about 100 characters.", e);
        }
    }

    public string Path { get; }

    public async Task<Socket> AcceptAsync(CancellationToken cancellationToken)
    {
        var accepted = await _socket.AcceptAsync(cancellationToken);
        Dispose();
        return accepted;
    }

    public void Dispose()
    {
        _socket.Dispose();
        File.Delete(Path);
    }
}
