using System.Buffers.Text;
using System.Text;

namespace JobRunner.Sandbox;

/// <summary>The header lines before a message.</summary>
static class FrameHeader
{
    /// <summary>The most bytes that <see cref="Write"/> fills.</summary>
    public const int MaxLength = 32;

    /// <summary>Reads the length. Other lines, such as Content-Type, are ignored: the text is always UTF-8.</summary>
    public static int ContentLength(ReadOnlySpan<byte> header, int maxBytes)
    {
        int? found = null;
        foreach (var range in header.Split("\r\n"u8))
        {
            var line = header[range];
            var colon = line.IndexOf((byte)':');
            if (colon < 0)
                throw new RpcConnectionException($"A header line has no colon: '{Show(line)}'.");
            if (Ascii.EqualsIgnoreCase(line[Ascii.Trim(line[..colon])], "Content-Length"u8))
                found = found is null
                    ? Length(line[(colon + 1)..], maxBytes)
                    : throw new RpcConnectionException("A message's header has more than one Content-Length."); // which of them is true?
        }

        return found ?? throw new RpcConnectionException("A message's header has no Content-Length.");
    }

    /// <summary>Writes the header so that it ends where the target ends; returns where it begins.</summary>
    public static int Write(Span<byte> target, int length)
    {
        Span<byte> header = stackalloc byte[MaxLength];
        "Content-Length: "u8.CopyTo(header);
        Utf8Formatter.TryFormat(length, header[16..], out var digits);
        "\r\n\r\n"u8.CopyTo(header[(16 + digits)..]);
        var start = target.Length - (20 + digits);
        header[..(20 + digits)].CopyTo(target[start..]);
        return start;
    }

    static string Show(ReadOnlySpan<byte> text) => Encoding.UTF8.GetString(text[..Math.Min(text.Length, 80)]);

    static int Length(ReadOnlySpan<byte> value, int maxBytes)
    {
        var digits = value[Ascii.Trim(value)];
        if (digits is [(byte)'+', ..] || !Utf8Parser.TryParse(digits, out int length, out var used) || used != digits.Length || length < 0)
            throw new RpcConnectionException($"A message's Content-Length is not a number: '{Show(digits)}'.");
        return length <= maxBytes
            ? length
            : throw new RpcConnectionException($"A message of {length:N0} bytes was announced; at most {maxBytes:N0} are accepted.");
    }
}
