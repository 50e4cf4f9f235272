using System.Collections.Concurrent;
using System.Text.Json.Serialization.Metadata;

namespace JobRunner.Sandbox;

/// <summary>
/// One JSON-RPC 2.0 connection, both directions: what StreamJsonRpc speaks with its header-delimited handler and JSON
/// formatter, cancellation included. A thread of its own reads, and runs what a message leads to: the target's method, or what
/// awaits an answer. Anything malformed ends the connection, because after it nothing that follows could be trusted.
/// </summary>
sealed class JsonRpcConnection : IDisposable
{
    readonly SocketStream _stream;
    readonly IRpcTarget _target;
    readonly ReadingThread _reading;
    readonly FrameWriter _writer;
    readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly ConcurrentDictionary<long, PendingRequest> _pending = new();
    readonly IncomingRequests _incoming = new();
    volatile RpcConnectionException? _end;
    long _lastId;

    public JsonRpcConnection(SocketStream stream, IRpcTarget target, int maxMessageBytes = FrameReader.DefaultMaxBytes)
    {
        (_stream, _target) = (stream, target);
        _writer = new FrameWriter(stream, maxMessageBytes);
        _reading = new ReadingThread(stream, maxMessageBytes, Handle, OnEnd);
    }

    /// <summary>Why the connection ended; null while it lives.</summary>
    public RpcConnectionException? End => _end;

    /// <summary>Ends with the connection, after what waits has failed and what runs for the peer was cancelled. Never fails.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Reads on a thread of its own. Called once.</summary>
    public void Start() => _reading.Start();

    /// <summary>Reads on this thread, until the connection ends, and goes on reading while a method of the target blocks. Never throws.
    /// Called once.</summary>
    public void Run() => _reading.Run();

    /// <summary>Calls the peer. Cancelling asks it to cancel; the task still ends only when it answers or goes away. What awaits it
    /// goes on on the thread that reads, so it must not block.</summary>
    /// <exception cref="RpcException">The peer answered with an error.</exception>
    /// <exception cref="RpcConnectionException">The connection ended before an answer.</exception>
    public async Task<TResult?> RequestAsync<T, TResult>(
        string method, T parameters, JsonTypeInfo<T> type, JsonTypeInfo<TResult> resultType, CancellationToken cancellationToken)
        where TResult : class
    {
        var id = Interlocked.Increment(ref _lastId);
        var request = new PendingRequest<TResult>(resultType);
        _pending[id] = request;
        try
        {
            await SendAsync(method, new RpcId(id), parameters, type);
            await using (cancellationToken.UnsafeRegister(_ => _ = CancelAsync(id), null))
                return await request.Answered;
        }
        finally
        {
            _pending.TryRemove(id, out _);
        }
    }

    /// <summary>Tells the peer something.</summary>
    /// <exception cref="RpcConnectionException">The connection has ended.</exception>
    public ValueTask NotifyAsync<T>(string method, T parameters, JsonTypeInfo<T> type) => SendAsync(method, null, parameters, type);

    /// <summary>Ends the connection.</summary>
    public void Dispose()
    {
        Close(new RpcConnectionException("The connection was closed."));
        _writer.Dispose();
    }

    async ValueTask SendAsync<T>(string method, RpcId? id, T parameters, JsonTypeInfo<T> type)
    {
        if (_end is { } end)
            throw end;
        try
        {
            await _writer.WriteAsync((method, id, parameters, type),
                static (json, call) => RpcMessages.WriteCall(json, call.method, call.id, call.parameters, call.type));
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            throw _end ?? new RpcConnectionException($"The connection broke: {e.Message}", e);
        }
    }

    async Task CancelAsync(long id)
    {
        try
        {
            await NotifyAsync(RpcMessages.CancelRequest, new CancelParams(id), WireJson.Default.CancelParams);
        }
        catch (RpcConnectionException)
        {
            // the request itself fails with it
        }
    }

    void Handle(ReadOnlySpan<byte> json, bool mayBlock)
    {
        var message = RpcEnvelope.Parse(json);
        if (message.Method is null)
            Answer(message);
        else if (message.Method == RpcMessages.CancelRequest)
            _incoming.Cancel(message.Params);
        else if (message.Id is { } id)
            _ = RespondAsync(id, _incoming.Begin(id, message.Method, message.Params, _target, mayBlock));
        else
            _target.OnNotification(message.Method, message.Params);
    }

    void Answer(in RpcEnvelope response)
    {
        if (response.Id is { Text: null } id && _pending.TryGetValue(id.Number, out var request))
            request.Answer(response);
        else if (response.Id is null && response.Error is { } error)
            throw new RpcConnectionException($"The peer could not read a message: {error.Message}");
    }

    // Whatever goes wrong, the peer must hear of it, or it would wait for ever.
    async Task RespondAsync(RpcId id, Task<RpcResponse> running)
    {
        try
        {
            var response = await running;
            await WriteAsync(id, response);
            response.Result.Sent?.Invoke();
        }
        catch (Exception e)
        {
            await RespondWithErrorAsync(id, e);
        }
    }

    async Task RespondWithErrorAsync(RpcId id, Exception error)
    {
        try
        {
            await WriteAsync(id, RpcResponse.Of(error));
        }
        catch (Exception e)
        {
            Close(new RpcConnectionException($"A request could not be answered: {e.Message}", e));
        }
    }

    async ValueTask WriteAsync(RpcId id, RpcResponse response) =>
        await _writer.WriteAsync((id, response), static (json, it) => RpcMessages.WriteResponse(json, it.id, it.response));

    void OnEnd(Exception? error)
    {
        Close(error switch
        {
            null => new RpcConnectionException("The peer closed the connection."),
            RpcConnectionException end => end,
            _ => new RpcConnectionException($"The connection broke: {error.Message}", error),
        });
        _ended.TrySetResult();
    }

    void Close(RpcConnectionException end)
    {
        if (Interlocked.CompareExchange(ref _end, end, null) is not null)
            return;
        _reading.Dispose();
        _stream.Dispose();
        _incoming.CancelAll();
        foreach (var request in _pending.Values)
            request.Fail(end);
    }
}
