namespace JobRunner.TestSupport;

/// <summary>What a client sends after its startup: which statements its cycles contain. Prepared ones are remembered by their names.</summary>
sealed class Requests(FaultProxy proxy, Cycles cycles)
{
    const int NamesOfBind = 256;

    readonly Dictionary<string, string> _prepared = new(StringComparer.Ordinal);
    readonly WireMessages _messages = new(type => type switch
    {
        (byte)'P' or (byte)'Q' => int.MaxValue,
        (byte)'B' => NamesOfBind,
        _ => 0,
    });

    /// <summary>Reads a chunk.</summary>
    /// <returns>How much of it may be sent on; when that is not all, the connection is to be cut.</returns>
    public int Read(ReadOnlySpan<byte> chunk)
    {
        var at = 0;
        var cycleFrom = 0;
        while (at < chunk.Length)
        {
            if (_messages.IsBetween && IsAnswered(chunk[at]))
                cycles.Open();
            if (!_messages.Advance(chunk, ref at))
                break;
            if (Sql() is { } sql && IsCut(sql))
                return cycleFrom;
            if (_messages.Type is not ((byte)'S' or (byte)'Q' or (byte)'F'))
                continue;
            cycles.Close();
            cycleFrom = at;
        }

        return chunk.Length;
    }

    // Passwords, copied data and the end belong to no cycle, or to one that has begun already.
    static bool IsAnswered(byte type) =>
        type is (byte)'P' or (byte)'B' or (byte)'D' or (byte)'E' or (byte)'C' or (byte)'H' or (byte)'S' or (byte)'Q' or (byte)'F';

    string? Sql()
    {
        switch (_messages.Type)
        {
            case (byte)'Q':
                WireMessages.TakeText(_messages.Body, out var query);
                return proxy.IsArmed ? WireMessages.ReadText(query) : null;
            case (byte)'P':
                WireMessages.TakeText(WireMessages.TakeText(_messages.Body, out var name), out var text);
                _prepared[WireMessages.ReadText(name)] = WireMessages.ReadText(text);
                return null;
            case (byte)'B' when proxy.IsArmed:
                WireMessages.TakeText(WireMessages.TakeText(_messages.Body, out _), out var bound);
                return _prepared.GetValueOrDefault(WireMessages.ReadText(bound));
            default:
                return null;
        }
    }

    bool IsCut(string sql)
    {
        if (proxy.Fitting(sql) is not { } cut)
            return false;
        if (!cut.IsOfAnswer)
            return cut.TryHit();
        cycles.Open().Cut ??= cut;
        return false;
    }
}
