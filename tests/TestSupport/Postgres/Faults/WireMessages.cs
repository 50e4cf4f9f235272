using System.Buffers.Binary;
using System.Text;

namespace JobRunner.TestSupport;

/// <summary>
/// Where the messages of one direction of a PostgreSQL connection (protocol 3, after its startup) begin and end, in chunks as they
/// come. Keeps the beginning of those bodies that somebody wants to read, and nothing of the others.
/// </summary>
/// <param name="keep">How much of the body of a message of this type is wanted.</param>
sealed class WireMessages(Func<byte, int> keep)
{
    readonly byte[] _header = new byte[5];
    byte[] _body = new byte[1024];
    int _headerFilled;
    int _toCome;
    int _kept;
    int _toKeep;

    /// <summary>True when the next byte begins a message.</summary>
    public bool IsBetween => _headerFilled == 0;

    /// <summary>The type of the message that has just ended.</summary>
    public byte Type => _header[0];

    /// <summary>What was kept of it.</summary>
    public ReadOnlySpan<byte> Body => _body.AsSpan(0, _kept);

    /// <summary>Goes on from <paramref name="at"/> to the end of the message, or of the chunk.</summary>
    /// <returns>True when the message has ended.</returns>
    public bool Advance(ReadOnlySpan<byte> chunk, ref int at)
    {
        if (_headerFilled < _header.Length && !FillHeader(chunk, ref at))
            return false;
        var taken = Math.Min(_toCome, chunk.Length - at);
        Keep(chunk.Slice(at, taken));
        at += taken;
        _toCome -= taken;
        if (_toCome > 0)
            return false;
        _headerFilled = 0;
        return true;
    }

    /// <summary>A text that ends with a zero, and what comes after it.</summary>
    public static ReadOnlySpan<byte> TakeText(ReadOnlySpan<byte> body, out ReadOnlySpan<byte> text)
    {
        var end = body.IndexOf((byte)0);
        text = end < 0 ? body : body[..end];
        return end < 0 ? [] : body[(end + 1)..];
    }

    public static string ReadText(ReadOnlySpan<byte> text) => Encoding.UTF8.GetString(text);

    bool FillHeader(ReadOnlySpan<byte> chunk, ref int at)
    {
        var taken = Math.Min(_header.Length - _headerFilled, chunk.Length - at);
        chunk.Slice(at, taken).CopyTo(_header.AsSpan(_headerFilled));
        _headerFilled += taken;
        at += taken;
        if (_headerFilled < _header.Length)
            return false;
        _toCome = BinaryPrimitives.ReadInt32BigEndian(_header.AsSpan(1)) - sizeof(int);
        _kept = 0;
        _toKeep = Math.Min(_toCome, keep(Type));
        return true;
    }

    void Keep(ReadOnlySpan<byte> bytes)
    {
        var wanted = Math.Min(bytes.Length, _toKeep - _kept);
        if (wanted <= 0)
            return;
        if (_body.Length < _toKeep)
            Array.Resize(ref _body, _toKeep);
        bytes[..wanted].CopyTo(_body.AsSpan(_kept));
        _kept += wanted;
    }
}
