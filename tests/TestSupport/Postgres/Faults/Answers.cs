namespace JobRunner.TestSupport;

/// <summary>What a server sends. The answer to a cycle that a cut waits for is held until it is whole; then it is known whether it committed.</summary>
sealed class Answers(Cycles cycles)
{
    readonly WireMessages _messages = new(type => type is (byte)'Z' ? 1 : 0);
    readonly List<byte> _held = [];
    bool _holds;

    /// <summary>Reads a chunk.</summary>
    /// <param name="chunk">What came.</param>
    /// <param name="forward">Gets what may be sent on.</param>
    /// <returns>False when the connection is to be cut.</returns>
    public bool Read(ReadOnlyMemory<byte> chunk, List<ReadOnlyMemory<byte>> forward)
    {
        var at = 0;
        var free = 0; // from here on nothing is forwarded or held yet
        while (at < chunk.Length)
        {
            if (_messages.IsBetween && !_holds && cycles.Answered?.Cut is not null)
            {
                forward.Add(chunk[free..at]);
                free = at;
                _holds = true;
            }

            if (!_messages.Advance(chunk.Span, ref at))
                break;
            if (_messages.Type == (byte)'E' && cycles.Answered is { } failing)
                failing.HasFailed = true;
            if (_messages.Type != (byte)'Z' || cycles.Answered is not { } answered)
                continue;
            if (_holds)
            {
                if (HasCommitted(answered) && answered.Cut!.TryHit())
                    return false;
                _held.AddRange(chunk.Span[free..at]);
                forward.Add(_held.ToArray());
                _held.Clear();
                free = at;
                _holds = false;
            }

            cycles.Forget(answered);
        }

        if (_holds)
            _held.AddRange(chunk.Span[free..]);
        else
            forward.Add(chunk[free..]);
        return true;
    }

    // Outside a transaction: what the cycle did is done.
    bool HasCommitted(Cycle cycle) => !cycle.HasFailed && _messages.Body is [(byte)'I'];
}
