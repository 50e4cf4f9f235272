using System.Net.Sockets;

namespace JobRunner.Sandbox;

/// <summary>The child process: connects to its parent, shows its token, then does as it is told until the connection ends.</summary>
static class SandboxChild
{
    const int Misused = 2;

    public static async Task<int> RunAsync(string[] args)
    {
        if (args is not ["--socket", var path, "--parent", var parent] || !int.TryParse(parent, out var parentId))
        {
            await Console.Error.WriteLineAsync("JobRunner.Sandbox is started by a JobRunner worker, not by hand.");
            return Misused;
        }

        ProcessSetup.Apply(parentId);
        KeepThreadsForReading();
        using var input = new StreamReader(Console.OpenStandardInput());
        var token = await input.ReadLineAsync() ?? "";
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
        await ServeAsync(socket, token);
        ProcessSetup.EndGroup();
        return 0;
    }

    // A synchronous job blocks a thread of the pool. Where there is one processor that would be the only one, and a
    // cancellation would wait until the pool notices that it is starving.
    static void KeepThreadsForReading()
    {
        ThreadPool.GetMinThreads(out var workers, out var ports);
        ThreadPool.SetMinThreads(Math.Max(workers, 4), ports);
    }

    static async Task ServeAsync(Socket socket, string token)
    {
        var target = new ChildTarget();
        using var connection = new JsonRpcConnection(new SocketStream(socket), target);
        target.Parent = new ParentLink(connection);
        var reading = connection.ReadToEndAsync(targetMayBlock: true);
        await connection.RequestAsync(Wire.Hello, new HelloParams(token, Wire.Version, Environment.ProcessId),
            WireJson.Default.HelloParams, WireJson.Default.Done, CancellationToken.None);
        await reading;
    }
}
