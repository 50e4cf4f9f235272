namespace JobRunner.Sandbox;

/// <summary>
/// Reads messages, and handles each on the thread that has read it: a call there and back wakes one thread at each end and no more.
/// While that thread has been busy with one message for some milliseconds (it runs a job, say, and the next message cancels it), its
/// deputy reads.
/// </summary>
/// <remarks>The deputy gives the reading back. If the two took turns, each job would begin on a thread that has slept, and the kernel
/// would let it run for long, however nice: that made jobs elsewhere in the worker wait four times as long.</remarks>
sealed class ReadingThread : IDisposable
{
    static readonly TimeSpan _patience = TimeSpan.FromMilliseconds(10);

    // Who sleeps on a descriptor keeps what is behind it open. Should a job close it, the other end is to see that nonetheless.
    static readonly TimeSpan _longestSleep = TimeSpan.FromMilliseconds(500);

    // The deputy goes on looking for a while, because waking it for each message would cost more than the message.
    const int QuietLooks = 100;

    readonly Lock _lock = new();
    readonly SocketStream _stream;
    readonly MessageHandler _handle;
    readonly Action<Exception?> _ended;
    readonly AutoResetEvent _wake = new(false);
    FrameReader _reader; // the thread's; while it is busy, the deputy's
    long _message;
    bool _isBusy, _deputySleeps;
    volatile bool _isOver;

    /// <param name="stream">Where messages come from.</param>
    /// <param name="maxBytes">How large one may be.</param>
    /// <param name="handle">What is done with each; when it throws, that is the end. It must not block when the deputy calls it.</param>
    /// <param name="ended">Told at the end of the stream, or what went wrong; perhaps by both threads.</param>
    public ReadingThread(SocketStream stream, int maxBytes, MessageHandler handle, Action<Exception?> ended) =>
        (_stream, _reader, _handle, _ended) = (stream, new FrameReader(stream, maxBytes), handle, ended);

    /// <summary>Reads on a thread of its own.</summary>
    public void Start() => StartThread(Read);

    /// <summary>Reads on this thread, to the end.</summary>
    /// <remarks>With the deputy: it may take long to handle a message.</remarks>
    public void Run()
    {
        StartThread(Deputize);
        RunToEnd(Read);
    }

    /// <summary>No more is to be read. The stream must be closed, too.</summary>
    public void Dispose()
    {
        _isOver = true;
        _wake.Set();
    }

    void StartThread(Action read) => new Thread(() => RunToEnd(read)) { IsBackground = true, Name = "JobRunner messages" }.Start();

    void RunToEnd(Action read)
    {
        try
        {
            read();
            _ended(null);
        }
        catch (Exception e)
        {
            _ended(e);
        }
    }

    void Read()
    {
        do
        {
            while (TryHandle())
            {
            }

            while (!_stream.Wait(_longestSleep))
            {
            }
        }
        while (_reader.Fill());
    }

    // A method of its own, so that what it has handled is not kept in memory until the next message.
    bool TryHandle()
    {
        if (_reader.TryTake() is not { } message)
            return false;
        Begin();
        _handle(message.Span, mayBlock: true);
        End();
        return true;
    }

    void Begin()
    {
        lock (_lock)
        {
            _message++;
            _isBusy = true;
            if (!_deputySleeps)
                return;
            _deputySleeps = false;
        }

        _wake.Set();
    }

    void End()
    {
        lock (_lock)
            _isBusy = false;
    }

    void Deputize()
    {
        var (seen, quiet) = (0L, 0);
        while (!_isOver)
        {
            _wake.WaitOne(quiet < QuietLooks ? _patience : Timeout.InfiniteTimeSpan);
            bool isLong;
            lock (_lock)
            {
                isLong = _isBusy && _message == seen;
                quiet = _message == seen ? quiet + 1 : 0;
                seen = _message;
                _deputySleeps = quiet >= QuietLooks;
            }

            if (isLong && !TryReadDuring(seen))
                return;
        }
    }

    // False at the end of the stream.
    bool TryReadDuring(long message)
    {
        lock (_lock)
        {
            if (!IsDuring_NeedsLock(message))
                return true;
            _reader = _reader.TakeOver();
        }

        for (var sleep = TimeSpan.Zero; ; sleep = sleep < _longestSleep / 2 ? sleep + _patience : _longestSleep)
        {
            var hasMore = _stream.Wait(sleep);
            lock (_lock)
            {
                if (!IsDuring_NeedsLock(message))
                    return true;
                if (hasMore && !_reader.Fill())
                    return false;
                while (_reader.TryTake() is { } next)
                    _handle(next.Span, mayBlock: false);
            }
        }
    }

    bool IsDuring_NeedsLock(long message) => _isBusy && _message == message && !_isOver;
}

/// <summary>Handles a message, which is valid until it returns.</summary>
delegate void MessageHandler(ReadOnlySpan<byte> message, bool mayBlock);
