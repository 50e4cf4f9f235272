using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace JobRunner.TestSupport;

/// <summary>
/// Stands between clients and a PostgreSQL server and does what networks do: it is slow, it refuses, it falls silent, it breaks; and
/// it breaks exactly between a commit and its answer. What it does can be changed at any time, and holds for all connections.
/// </summary>
public sealed class FaultProxy : IAsyncDisposable
{
    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly ConcurrentDictionary<ProxiedConnection, Task> _connections = new();
    readonly CancellationTokenSource _stop = new();
    readonly Task _accepting;
    ImmutableArray<Cut> _cuts = [];
    ProxyMode _mode = new(ProxyModeKind.Pass);

    /// <param name="connectionString">Of the server behind it, which must not ask for encryption.</param>
    public FaultProxy(string connectionString)
    {
        var target = new NpgsqlConnectionStringBuilder(connectionString);
        Target = new DnsEndPoint(target.Host!, target.Port);
        _listener.Start();
        (target.Host, target.Port, target.SslMode) = ("127.0.0.1", ((IPEndPoint)_listener.LocalEndpoint).Port, SslMode.Disable);
        ConnectionString = target.ConnectionString;
        _accepting = AcceptAsync();
    }

    /// <summary>Of the same database, through the proxy.</summary>
    public string ConnectionString { get; }

    /// <summary>How many connections there are through it.</summary>
    public int Connections => _connections.Count;

    internal DnsEndPoint Target { get; }

    internal bool IsArmed => !_cuts.IsEmpty;

    /// <summary>Passes everything on; what a black hole held goes its way.</summary>
    public void Pass() => Change(new(ProxyModeKind.Pass));

    /// <summary>Passes everything on, requests only after a while.</summary>
    public void Delay(TimeSpan time) => Change(new(ProxyModeKind.Delay, time));

    /// <summary>Resets all connections, and new ones at once.</summary>
    public void Refuse()
    {
        Change(new(ProxyModeKind.Refuse));
        CutAll();
    }

    /// <summary>A half-open network: connections stay open and are accepted, and no byte passes either way.</summary>
    public void BlackHole() => Change(new(ProxyModeKind.BlackHole));

    /// <summary>Resets all connections that there are, once.</summary>
    public void CutAll()
    {
        foreach (var connection in _connections.Keys)
            connection.Cut();
    }

    /// <summary>
    /// Cuts connections between a commit and its answer: when a statement that fits has been answered without an error, up to
    /// ReadyForQuery and outside a transaction, none of that answer reaches the client. The end of an explicit transaction is the statement <c>COMMIT</c>.
    /// </summary>
    /// <param name="statement">Whether an SQL text fits.</param>
    /// <param name="times">How many connections to cut.</param>
    public Cut CutAnswersOf(Func<string, bool> statement, int times = 1) => Arm(new(statement, times, ofAnswer: true));

    /// <summary>Cuts connections before the server can see a statement that fits, or anything else that was sent with it.</summary>
    /// <param name="statement">Whether an SQL text fits.</param>
    /// <param name="times">How many connections to cut.</param>
    public Cut CutRequestsOf(Func<string, bool> statement, int times = 1) => Arm(new(statement, times, ofAnswer: false));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        CutAll();
        await Task.WhenAll(_connections.Values);
        _stop.Dispose();
    }

    internal Cut? Fitting(string sql) => _cuts.FirstOrDefault(cut => cut.Fits(sql));

    /// <summary>Waits until bytes may pass.</summary>
    internal ValueTask AllowedAsync(CancellationToken cancellationToken, bool isAnswer = false) => _mode.Kind switch
    {
        ProxyModeKind.Pass => ValueTask.CompletedTask,
        ProxyModeKind.Delay when isAnswer => ValueTask.CompletedTask,
        _ => new(WaitAsync(cancellationToken)),
    };

    async Task WaitAsync(CancellationToken cancellationToken)
    {
        while (_mode is { Kind: not ProxyModeKind.Pass } mode)
        {
            if (mode.Kind == ProxyModeKind.Refuse)
                throw new SocketException((int)SocketError.ConnectionReset);
            if (mode.Kind == ProxyModeKind.Delay)
            {
                await Task.Delay(mode.Delay, TimeProvider.System, cancellationToken);
                return;
            }

            await mode.Ended.WaitAsync(cancellationToken);
        }
    }

    void Change(ProxyMode mode) => Interlocked.Exchange(ref _mode, mode).End();

    Cut Arm(Cut cut)
    {
        ImmutableInterlocked.Update(ref _cuts, cuts => cuts.RemoveAll(old => !old.IsArmed).Add(cut));
        return cut;
    }

    async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptSocketAsync(_stop.Token);
                client.NoDelay = true;
                var connection = new ProxiedConnection(this, client);
                var running = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _connections[connection] = running.Task;
                _ = RunAsync(connection, running);
            }
        }
        catch (OperationCanceledException)
        {
            // it ends
        }
    }

    async Task RunAsync(ProxiedConnection connection, TaskCompletionSource running)
    {
        using (connection)
            await connection.RunAsync();
        _connections.TryRemove(connection, out _);
        running.SetResult();
    }
}
