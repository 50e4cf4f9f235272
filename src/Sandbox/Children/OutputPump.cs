using System.Text;

namespace JobRunner.Sandbox;

/// <summary>Reads a child's standard output or error for as long as it lives, because an unread pipe blocks the child once
/// it is full. Lines are handed on as they come; long ones are cut; a few are kept to explain a crash.</summary>
sealed class OutputPump : IDisposable
{
    public const int MaxLineLength = 8 * 1024;

    // A quarter of what a pipe holds: a child that writes without end costs a wake-up for each of these.
    const int BufferSize = 16 * 1024;

    readonly Stream _stream;
    readonly StringBuilder _line = new();
    readonly CrashLines _kept = new();
    volatile Action<string>? _listener;

    public OutputPump(Stream stream)
    {
        _stream = stream;
        Ended = PumpAsync();
    }

    /// <summary>Ends when the pipe does. Never fails.</summary>
    public Task Ended { get; }

    /// <summary>The lines worth keeping since the listener last changed.</summary>
    public CrashLines Kept => _kept;

    /// <summary>Names who hears the lines from now on.</summary>
    public void Listen(Action<string>? listener)
    {
        _kept.Clear();
        _listener = listener;
    }

    public void Dispose() => _stream.Dispose();

    async Task PumpAsync()
    {
        var bytes = new byte[BufferSize];
        var chars = new char[BufferSize + 4]; // and what a cut character before them may become
        var decoder = Encoding.UTF8.GetDecoder();
        try
        {
            int read;
            while ((read = await _stream.ReadAsync(bytes)) > 0)
                Take(chars.AsSpan(0, decoder.GetChars(bytes.AsSpan(0, read), chars, flush: false)));
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // the pipe was closed at our end
        }

        if (_line.Length > 0)
            EndLine();
    }

    void Take(ReadOnlySpan<char> text)
    {
        while (text.IndexOf('\n') is >= 0 and var end)
        {
            Append(text[..end]);
            EndLine();
            text = text[(end + 1)..];
        }

        Append(text);
    }

    void Append(ReadOnlySpan<char> text) => _line.Append(text[..Math.Min(text.Length, MaxLineLength - _line.Length)]);

    void EndLine()
    {
        var line = _line.ToString().TrimEnd('\r');
        _line.Clear();
        _kept.Add(line);
        _listener?.Invoke(line);
    }
}
