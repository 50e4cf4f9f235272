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

    /// <summary>The next message; it is valid until the next call. Null at the end of the stream.</summary>
    /// <exception cref="RpcConnectionException">What came is not such a message, or too large a one.</exception>
    public ReadOnlyMemory<byte>? Read()
    {
        int header;
        while ((header = Buffered.IndexOf("\r\n\r\n"u8)) < 0)
        {
            RejectLongHeader(_end - _start);
            if (!Fill())
                return _end == _start ? null : throw new RpcConnectionException("The stream ended inside a message's header.");
        }

        RejectLongHeader(header);
        var length = FrameHeader.ContentLength(Buffered[..header], maxBytes);
        _start += header + 4;
        while (_end - _start < length)
            if (!Fill())
                throw new RpcConnectionException($"The stream ended inside a message: {_end - _start} of {length} bytes came.");
        var frame = _buffer.AsMemory(_start, length);
        _start += length;
        return frame;
    }

    /// <summary>Another reader that goes on where this one stands, while its last message is still in use.</summary>
    public FrameReader TakeOver()
    {
        var held = Buffered;
        var next = new FrameReader(stream, maxBytes) { _buffer = new byte[Math.Max(UsualBytes, held.Length)], _end = held.Length };
        held.CopyTo(next._buffer);
        return next;
    }

    static void RejectLongHeader(int bytes)
    {
        if (bytes > MaxHeaderBytes)
            throw new RpcConnectionException($"A message's header is longer than {MaxHeaderBytes} bytes.");
    }

    ReadOnlySpan<byte> Buffered => _buffer.AsSpan(_start, _end - _start);

    bool Fill()
    {
        MakeRoom();
        var read = stream.Read(_buffer.AsSpan(_end));
        _end += read;
        return read > 0;
    }

    // Doubling as bytes come, not as they are announced: a peer that announces much and sends little costs little.
    void MakeRoom()
    {
        if (_start == _end)
        {
            (_start, _end) = (0, 0);
            if (_buffer.Length > MaxKeptBytes)
                _buffer = new byte[UsualBytes];
        }

        if (_end < _buffer.Length)
            return;
        var held = Buffered;
        var target = held.Length > _buffer.Length / 2 ? new byte[_buffer.Length * 2] : _buffer;
        held.CopyTo(target);
        (_buffer, _start, _end) = (target, 0, held.Length);
    }
}
