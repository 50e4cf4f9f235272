using System.Net.Sockets;

namespace JobRunner.Sandbox;

/// <summary>A directory that only this user can enter, for the sockets that children connect to.</summary>
sealed class SocketDirectory : IDisposable
{
    const string Prefix = "jobrunner-";

    DirectoryInfo _directory = Create();
    int _last;

    /// <summary>A socket for one child.</summary>
    public SocketListener Listen()
    {
        if (!Directory.Exists(_directory.FullName))
            _directory = Create(); // somebody cleans old temporary files
        return new(Path.Combine(_directory.FullName, $"{Interlocked.Increment(ref _last)}"));
    }

    public void Dispose() => TryDelete(_directory.FullName);

    // Made with mode 0700 and a name that nobody can foresee.
    static DirectoryInfo Create()
    {
        Sweep();
        return Directory.CreateTempSubdirectory($"{Prefix}{Environment.ProcessId}-");
    }

    // A process that is killed leaves its directory behind. Should it live after all, somewhere where we do not see it, it makes
    // itself another one.
    static void Sweep()
    {
        foreach (var directory in Directory.EnumerateDirectories(Path.GetTempPath(), $"{Prefix}*-*"))
        {
            if (int.TryParse(Path.GetFileName(directory).Split('-')[1], out var process) && !IsAlive(process))
                TryDelete(directory);
        }
    }

    static bool IsAlive(int process)
    {
        try
        {
            using var found = System.Diagnostics.Process.GetProcessById(process);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    static void TryDelete(string directory)
    {
        try
        {
            Directory.Delete(directory, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // somebody else's, or somebody else was faster
        }
    }
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
