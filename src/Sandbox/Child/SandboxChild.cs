using System.Net.Sockets;

namespace JobRunner.Sandbox;

/// <summary>The child process: connects to its parent, shows its token, then does as it is told until the connection ends.</summary>
static class SandboxChild
{
    const int Misused = 2;

    /// <remarks>Blocks instead of awaiting: .NET would compile that at each start, and set up its way of waiting for sockets.</remarks>
    public static int Run(string[] args)
    {
        if (args is not ["--socket", var path, "--parent", var parent] || !int.TryParse(parent, out var parentId))
        {
            Console.Error.WriteLine("JobRunner.Sandbox is started by a JobRunner worker, not by hand.");
            return Misused;
        }

        ProcessSetup.Apply(parentId);
        RunAside(WarmUp.RunMessagesAsync);
        KeepThreadsForReading();
        using var input = new StreamReader(Console.OpenStandardInput());
        var token = input.ReadLine() ?? "";
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path));
        Serve(socket, token);
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

    // Where there is one processor, it would only delay what is wanted.
    static void RunAside(Func<Task> warmUp)
    {
        if (Environment.ProcessorCount > 1)
            _ = Task.Run(warmUp);
    }

    static void Serve(Socket socket, string token)
    {
        var target = new ChildTarget();
        using var connection = new JsonRpcConnection(new SocketStream(socket), target);
        target.Parent = new ParentLink(connection);
        RunAside(() => WarmUp.RunJobAsync(target.Parent));
        var reading = connection.ReadToEndAsync(targetMayBlock: true);
        var greeting = connection.RequestAsync(Wire.Hello, new HelloParams(token, Wire.Version, Environment.ProcessId),
            WireJson.Default.HelloParams, WireJson.Default.Done, CancellationToken.None);
        greeting.GetAwaiter().GetResult();
        reading.GetAwaiter().GetResult();
    }
}
