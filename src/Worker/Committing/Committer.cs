using System.Threading.Channels;

namespace JobRunner.Worker;

/// <summary>
/// Writes what became of executions, many at once. One loop, and two writes in flight, so that the store works on one while
/// the other is being made or read: what arrives meanwhile is the next batch, so batches grow with the load and a single end is
/// written at once. A slot of a lane is free only when its outcome has been accepted here, and the line is bounded, in rows and
/// by the weight of longer results and errors: that is the back-pressure.
/// </summary>
sealed class Committer(Executions executions, OutcomeWriter writer, TimeProvider time)
{
    const int MaxBatch = 1000;

    // In characters: of results and error texts.
    const long MaxBatchWeight = 8 * 1024 * 1024;
    const long LeastWeight = 1024 * 1024;
    const long MostWeight = 16 * 1024 * 1024;
    const long Light = 4096;

    // A write has its price whatever is in it: right after another one, a few outcomes wait for more.
    const int WorthWriting = 64;
    static readonly TimeSpan _gather = TimeSpan.FromMilliseconds(4);

    readonly Channel<Write> _line =
        Channel.CreateBounded<Write>(new BoundedChannelOptions(4 * MaxBatch) { SingleReader = true });
    readonly WeightGate _weights = new(Math.Clamp(executions.PayloadLimit / 2, LeastWeight, MostWeight));

    /// <summary>Hands over an outcome; waits while the line is full. Only the first outcome of an execution counts, and after
    /// <see cref="Complete"/> none does.</summary>
    public async ValueTask EndAsync(Execution execution, Outcome outcome)
    {
        if (!executions.TryEnd(execution))
            return;
        var write = new Write(execution, OutcomeBounds.Apply(outcome));
        if (write.Weight > Light)
        {
            await _weights.EnterAsync(write.Weight);
            write.HasPlace = true;
        }

        try
        {
            await _line.Writer.WriteAsync(write);
        }
        catch (ChannelClosedException)
        {
            // The worker has stopped: the job is rescued.
        }
    }

    /// <summary>Asks for the row that says Processing. May be dropped: it is asked for again.</summary>
    public void Mark(Execution execution) => _line.Writer.TryWrite(new(execution, null));

    /// <summary>No more outcomes come: the loop ends when all are written.</summary>
    public void Complete()
    {
        writer.Complete();
        _line.Writer.TryComplete();
    }

    /// <summary>The loop. The token gives up on a store that cannot be reached.</summary>
    public async Task RunAsync(CancellationToken giveUp)
    {
        var earlier = Task.CompletedTask;
        var written = time.GetTimestamp();
        while (true)
        {
            // What it finds locked comes back, and must not wait for news.
            if (!_line.Reader.TryPeek(out _))
                await earlier;
            if (!await HasMoreAsync(giveUp))
                break;
            if (_line.Reader.Count < WorthWriting && _gather - time.GetElapsedTime(written) is var rest && rest > TimeSpan.Zero)
                await Task.Delay(rest, time, CancellationToken.None);
            written = time.GetTimestamp();
            var batch = NextBatch();
            if (batch.Count == 0)
                continue;

            // An end is guarded by the state row that its mark writes: a batch with marks is written alone.
            var marks = batch.Exists(write => write.Outcome is null);
            if (marks)
                await earlier;
            var write = WriteAsync(batch, giveUp);
            await (marks ? write : earlier);
            earlier = write;
        }

        await earlier;
    }

    async Task WriteAsync(List<Write> batch, CancellationToken giveUp)
    {
        await writer.WriteAsync(batch, giveUp);
        foreach (var write in batch.Where(write => write.HasPlace))
        {
            write.HasPlace = false;
            _weights.Leave(write.Weight);
        }
    }

    List<Write> NextBatch()
    {
        var batch = new Dictionary<Execution, Write>();
        var weight = 0L;
        while (batch.Count < MaxBatch && weight < MaxBatchWeight && (writer.TakeDue() ?? TakeNext()) is { } write)
        {
            // A mark of what has ended would come after its end; the end brings that row along.
            if (write.Outcome is null && write.Execution.HasEnded)
                continue;
            batch[write.Execution] = write;
            weight += write.Weight;
        }

        return [.. batch.Values];
    }

    Write? TakeNext() => _line.Reader.TryRead(out var write) ? write : null;

    // Also when no more outcomes come, those that wait for another try have to be written.
    async Task<bool> HasMoreAsync(CancellationToken giveUp)
    {
        if (writer.NextDueIn is not { } due)
            return await _line.Reader.WaitToReadAsync(giveUp) || writer.NextDueIn is not null;
        if (due <= TimeSpan.Zero)
            return true;
        using var pause = new CancellationTokenSource(due, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(pause.Token, giveUp);
        try
        {
            if (await _line.Reader.WaitToReadAsync(either.Token))
                return true;
            if (writer.NextDueIn is not { } last)
                return false;
            if (last > TimeSpan.Zero)
                await Task.Delay(last, time, giveUp);
        }
        catch (OperationCanceledException) when (!giveUp.IsCancellationRequested)
        {
            // it is time for another try
        }

        return true;
    }
}
