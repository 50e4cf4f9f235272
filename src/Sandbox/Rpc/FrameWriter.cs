using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace JobRunner.Sandbox;

/// <summary>Writes messages, one at a time and each in one piece, so that none is ever torn by another or waits in a buffer.</summary>
sealed class FrameWriter(Stream stream, int maxBytes = FrameReader.DefaultMaxBytes) : IDisposable
{
    const int MaxKeptBytes = 1024 * 1024;

    readonly SemaphoreSlim _turn = new(1);
    readonly Utf8JsonWriter _json = new(Stream.Null, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }); // not for browsers
    ArrayBufferWriter<byte> _buffer = new();

    /// <summary>Writes the message that the function writes as JSON. Once its bytes begin to flow it is not cut off.</summary>
    /// <exception cref="RpcMessageTooLargeException">It is too large; nothing was sent.</exception>
    public async ValueTask WriteAsync<T>(T message, Action<Utf8JsonWriter, T> write)
    {
        await _turn.WaitAsync();
        try
        {
            await stream.WriteAsync(Frame(message, write));
        }
        finally
        {
            if (_buffer.Capacity > MaxKeptBytes)
                _buffer = new();
            _turn.Release();
        }
    }

    // The body is written behind room for the header, whose length is known only afterwards.
    ReadOnlyMemory<byte> Frame<T>(T message, Action<Utf8JsonWriter, T> write)
    {
        _buffer.ResetWrittenCount();
        _buffer.GetSpan(FrameHeader.MaxLength);
        _buffer.Advance(FrameHeader.MaxLength);
        _json.Reset(_buffer);
        write(_json, message);
        _json.Flush();
        var length = _buffer.WrittenCount - FrameHeader.MaxLength;
        if (length > maxBytes)
            throw new RpcMessageTooLargeException(length, maxBytes);
        Span<byte> header = stackalloc byte[FrameHeader.MaxLength];
        var start = FrameHeader.Write(header, length);
        header.CopyTo(MemoryMarshal.AsMemory(_buffer.WrittenMemory).Span);
        return _buffer.WrittenMemory[start..];
    }

    // Not the semaphore: whoever waits for it when the connection ends must still get its turn, to fail.
    public void Dispose() => _json.Dispose();
}
