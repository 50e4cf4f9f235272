namespace JobRunner.Sandbox;

/// <summary>
/// Reads messages, and handles each on the thread that has read it: a call there and back wakes one thread at each end and no more.
/// What a message leads to, a job or the caller's code after a call, may take long, and another message may be meant to end it;
/// so a thread that is busy for more than some milliseconds loses the reading to a new one, and ends when it is done.
/// </summary>
sealed class ReadingThread : IDisposable
{
    /// <summary>How long the next message may have to wait for the one before it.</summary>
    static readonly TimeSpan _patience = TimeSpan.FromMilliseconds(10);

    // The timer goes on ticking for a while, because starting and stopping it for each message would cost more than the message.
    const int QuietTicks = 100;

    readonly Lock _lock = new();
    readonly Action<ReadOnlySpan<byte>> _handle;
    readonly Action<Exception?> _ended;
    readonly ITimer _timer;
    FrameReader _reader;
    long _begun, _begunAtTick;
    bool _isBusy, _isTicking;
    int _quietTicks;

    /// <param name="stream">Where messages come from.</param>
    /// <param name="maxBytes">How large one may be.</param>
    /// <param name="handle">What is done with each. When it throws, that is the end.</param>
    /// <param name="ended">Told at the end of the stream, or what went wrong; by a thread that handled a message for long, perhaps twice.</param>
    public ReadingThread(Stream stream, int maxBytes, Action<ReadOnlySpan<byte>> handle, Action<Exception?> ended)
    {
        (_reader, _handle, _ended) = (new FrameReader(stream, maxBytes), handle, ended);
        _timer = TimeProvider.System.CreateTimer(_ => Tick(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Begins to read.</summary>
    public void Start() => StartThread(_reader);

    public void Dispose() => _timer.Dispose();

    void StartThread(FrameReader reader) => new Thread(() => Run(reader)) { IsBackground = true, Name = "JobRunner messages" }.Start();

    void Run(FrameReader reader)
    {
        try
        {
            while (reader.Read() is { } message)
            {
                Begin();
                _handle(message.Span);
                if (!TryGoOn(reader))
                    return;
            }

            _ended(null);
        }
        catch (Exception e)
        {
            _ended(e);
        }
    }

    void Begin()
    {
        lock (_lock)
        {
            _begun++;
            _isBusy = true;
            if (_isTicking)
                return;
            (_isTicking, _quietTicks) = (true, 0);
            _timer.Change(_patience, _patience);
        }
    }

    // False when another thread reads on.
    bool TryGoOn(FrameReader reader)
    {
        lock (_lock)
        {
            if (reader != _reader)
                return false;
            _isBusy = false;
            return true;
        }
    }

    void Tick()
    {
        lock (_lock)
        {
            var isTheSame = _begun == _begunAtTick;
            _begunAtTick = _begun;
            if (isTheSame && _isBusy)
            {
                _isBusy = false;
                StartThread(_reader = _reader.TakeOver());
            }

            _quietTicks = isTheSame ? _quietTicks + 1 : 0;
            if (_quietTicks < QuietTicks)
                return;
            _isTicking = false;
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}
