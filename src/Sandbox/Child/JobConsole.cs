using System.Text;
using Microsoft.Extensions.Logging;

namespace JobRunner.Sandbox;

/// <summary>
/// The console of a job: its lines go the way of its log. The pipes behind standard output and error are read by the
/// parent as well, for native code and for processes that the job starts; but a pipe and a socket are two ways, and a
/// line on the first may arrive after the result on the second. On one way, nothing overtakes.
/// </summary>
sealed class JobConsole(LogLevel level, ParentLink parent) : TextWriter
{
    readonly Lock _lock = new();
    readonly StringBuilder _line = new();

    public override Encoding Encoding => Encoding.UTF8;

    public static void Install(ParentLink parent)
    {
        Console.SetOut(new JobConsole(LogLevel.Information, parent));
        Console.SetError(new JobConsole(LogLevel.Warning, parent));
    }

    /// <summary>Sends lines that were begun and not ended.</summary>
    public static void EndLines()
    {
        Console.Out.Flush();
        Console.Error.Flush();
    }

    public override void Write(char value) => Write([value]);

    public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

    public override void Write(string? value) => Write(value.AsSpan());

    public override void WriteLine(string? value) => Write($"{value}\n");

    public override void Write(ReadOnlySpan<char> buffer)
    {
        lock (_lock)
        {
            while (buffer.IndexOf('\n') is >= 0 and var end)
            {
                Append(buffer[..end]);
                Send();
                buffer = buffer[(end + 1)..];
            }

            Append(buffer);
        }
    }

    public override void Flush()
    {
        lock (_lock)
            if (_line.Length > 0)
                Send();
    }

    // One character more than a line may have: the cut that follows then shows.
    void Append(ReadOnlySpan<char> text) => _line.Append(text[..Math.Min(text.Length, OutputPump.MaxLineLength + 1 - _line.Length)]);

    void Send()
    {
        parent.Log(level, _line.ToString().TrimEnd('\r'));
        _line.Clear();
    }
}
