using System.Buffers.Binary;
using System.IO.Compression;

namespace QuickStart.Demo;

/// <summary>Writes a picture of 256 colours as PNG (RFC 2083): enough for the demo, without a package.</summary>
static class Png
{
    static readonly uint[] _crcTable = [.. Enumerable.Range(0, 256).Select(n =>
        Enumerable.Range(0, 8).Aggregate((uint)n, (c, _) => (c & 1) == 1 ? 0xEDB88320 ^ (c >> 1) : c >> 1))];

    public static byte[] Encode(byte[] pixels, int columns, int rows)
    {
        using var png = new MemoryStream();
        png.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, columns);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), rows);
        header[8] = 8; // bits a sample
        header[9] = 3; // a palette
        Write(png, "IHDR"u8, header);
        Write(png, "PLTE"u8, Palette());
        Write(png, "IDAT"u8, Compress(pixels, columns, rows));
        Write(png, "IEND"u8, []);
        return png.ToArray();
    }

    static byte[] Palette()
    {
        var palette = new byte[256 * 3];
        for (var i = 1; i < 256; i++)
        {
            palette[3 * i] = Wave(i, 0.0);
            palette[(3 * i) + 1] = Wave(i, 0.9);
            palette[(3 * i) + 2] = Wave(i, 1.8);
        }

        return palette;

        static byte Wave(int i, double phase) => (byte)(127.5 * (1 + Math.Sin((i * 0.12) + 4 - phase)));
    }

    static byte[] Compress(byte[] pixels, int columns, int rows)
    {
        using var data = new MemoryStream();
        using (var zlib = new ZLibStream(data, CompressionLevel.Optimal))
        {
            for (var row = 0; row < rows; row++)
            {
                zlib.WriteByte(0); // no filter
                zlib.Write(pixels, row * columns, columns);
            }
        }

        return data.ToArray();
    }

    static void Write(Stream png, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        png.Write(number);
        png.Write(type);
        png.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, ~Crc(Crc(uint.MaxValue, type), data));
        png.Write(number);
    }

    static uint Crc(uint crc, ReadOnlySpan<byte> data)
    {
        foreach (var b in data)
            crc = _crcTable[(byte)(crc ^ b)] ^ (crc >> 8);
        return crc;
    }
}
