namespace JobRunner.Sandbox;

/// <summary>Reads messages framed by a header: <c>Content-Length: 42</c>, an empty line, 42 bytes.</summary>
sealed class FrameReader(Stream stream, int maxBytes = FrameReader.DefaultMaxBytes)
{
    public const int DefaultMaxBytes = 64 * 1024 * 1024;
    const int MaxHeaderBytes = 4096;
    const int UsualBytes = 16 * 1024;
    const int MaxKeptBytes = 1024 * 1024;

    byte[] _buffer = new byte[UsualBytes];
    int _start, _end;
    int? _length; // of the message whose header has been read

    /// <summary>The next message, if it is here as a whole; it is valid until the next call.</summary>
    /// <exception cref="RpcConnectionException">What came is not such a message, or too large a one.</exception>
    public ReadOnlyMemory<byte>? TryTake()
    {
        if (_start == _end)
            ForgetLast();
        if ((_length ??= TakeHeader()) is not { } length || _end - _start < length)
            return null;
        var message = _buffer.AsMemory(_start, length);
        _start += length;
        _length = null;
        return message;
    }

    /// <summary>Reads once from the stream. False at its end.</summary>
    /// <exception cref="RpcConnectionException">The end came inside a message.</exception>
    public bool Fill()
    {
        MakeRoom();
        var read = stream.Read(_buffer.AsSpan(_end));
        _end += read;
        return read > 0 || (_length, _end - _start) switch
        {
            ({ } length, var came) => throw new RpcConnectionException($"The stream ended inside a message: {came} of {length} bytes came."),
            (_, > 0) => throw new RpcConnectionException("The stream ended inside a message's header."),
            _ => false,
        };
    }

    /// <summary>Another reader that goes on where this one stands, while its last message is still in use.</summary>
    public FrameReader TakeOver()
    {
        var held = Buffered;
        var next = new FrameReader(stream, maxBytes) { _buffer = new byte[Math.Max(UsualBytes, held.Length)], _end = held.Length, _length = _length };
        held.CopyTo(next._buffer);
        return next;
    }

    ReadOnlySpan<byte> Buffered => _buffer.AsSpan(_start, _end - _start);

    // Null when its end has not come.
    int? TakeHeader()
    {
        var end = Buffered.IndexOf("\r\n\r\n"u8);
        if ((end < 0 ? Buffered.Length : end) > MaxHeaderBytes)
            throw new RpcConnectionException($"A message's header is longer than {MaxHeaderBytes} bytes.");
        if (end < 0)
            return null;
        var length = FrameHeader.ContentLength(Buffered[..end], maxBytes);
        _start += end + 4;
        return length;
    }

    // Not only when there is more to read: that may be long after, and a large message weighs on the job that it brought.
    void ForgetLast()
    {
        (_start, _end) = (0, 0);
        if (_buffer.Length > MaxKeptBytes)
            _buffer = new byte[UsualBytes];
    }

    // Doubling as bytes come, not as they are announced: a peer that announces much and sends little costs little.
    void MakeRoom()
    {
        if (_end < _buffer.Length)
            return;
        var held = Buffered;
        var target = held.Length > _buffer.Length / 2 ? new byte[_buffer.Length * 2] : _buffer;
        held.CopyTo(target);
        (_buffer, _start, _end) = (target, 0, held.Length);
    }
}
