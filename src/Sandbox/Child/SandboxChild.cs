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
        KeepThreadsForCancellation();
        using var input = new StreamReader(Console.OpenStandardInput());
        var token = input.ReadLine() ?? "";
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path));
        Serve(socket, token);
        return 0;
    }

    // A job that blocks a thread of the pool: where there is one processor that would be the only one, and what it has
    // registered for its cancellation would wait until the pool notices that it is starving.
    static void KeepThreadsForCancellation()
    {
        ThreadPool.GetMinThreads(out var workers, out var ports);
        ThreadPool.SetMinThreads(Math.Max(workers, 4), ports);
    }

    static void Serve(Socket socket, string token)
    {
        var target = new ChildTarget();
        using var connection = new JsonRpcConnection(new SocketStream(socket), target);
        target.Parent = new ParentLink(connection);
        _ = EndWithAsync(connection);
        StartWarmUp(target.Parent);
        _ = GreetAsync(connection, token);
        connection.Run();
        End(connection);
    }

    // This thread may be busy with a job.
    static async Task EndWithAsync(JsonRpcConnection connection)
    {
        await connection.Ended;
        End(connection);
    }

    static void End(JsonRpcConnection connection) => ProcessSetup.End(IsOutOfMemory(connection.End));

    // The kernel may be the first to have none left for the connection.
    static bool IsOutOfMemory(Exception? error)
    {
        for (; error is not null; error = error.InnerException)
        {
            if (error is OutOfMemoryException or SocketException { SocketErrorCode: SocketError.NoBufferSpaceAvailable })
                return true;
        }

        return false;
    }

    static async Task GreetAsync(JsonRpcConnection connection, string token)
    {
        try
        {
            await connection.RequestAsync(Wire.Hello, new HelloParams(token, Wire.Version, Environment.ProcessId),
                WireJson.Default.HelloParams, WireJson.Default.Done, CancellationToken.None);
        }
        catch (RpcException e)
        {
            await Console.Error.WriteLineAsync($"The worker refused this sandbox: {e.Message}");
            connection.Dispose();
        }
        catch (RpcConnectionException)
        {
            // the worker is gone, and so will this process be
        }
    }

    // Where there is one processor, it would only delay what is wanted.
    static void StartWarmUp(ParentLink parent)
    {
        if (Environment.ProcessorCount > 1)
            new Thread(() => _ = WarmUp.RunAsync(parent)) { IsBackground = true }.Start();
    }
}
