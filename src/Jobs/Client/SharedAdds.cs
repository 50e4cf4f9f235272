using System.Data.Common;
using JobRunner.Storage;

namespace JobRunner;

/// <summary>
/// Adds of single jobs that share a round trip and a transaction: the first caller adds its job at once, and what arrives
/// meanwhile is the next batch. So a lone call waits for nobody, and a thousand concurrent ones take a few commits.
/// </summary>
/// <remarks>A batch is nobody's in particular: it runs on no caller's execution context, so it takes no part in anybody's ambient
/// transaction, and keeps nobody's request or activity alive.</remarks>
/// <param name="addAll">Adds a batch, all or none.</param>
sealed class SharedAdds(Func<IReadOnlyList<NewJob>, CancellationToken, Task<IReadOnlyList<long>>> addAll)
{
    const int MaxBatch = 1000;

    readonly Lock _lock = new();
    readonly Queue<Add> _line = new();
    bool _adding;

    /// <returns>The job's id.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled before its turn came: nothing was added.</exception>
    public async Task<long> AddAsync(NewJob job, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var add = new Add(job);
        lock (_lock)
        {
            _line.Enqueue(add);
            if (!_adding)
            {
                _adding = true;
                ThreadPool.UnsafeQueueUserWorkItem(static adds => _ = adds.AddAllAsync(), this, preferLocal: true);
            }
        }

        await using (cancellationToken.UnsafeRegister(static (state, token) => ((Add)state!).Cancel(token), add))
            return await add.Id;
    }

    async Task AddAllAsync()
    {
        while (NextBatch() is { Count: > 0 } batch)
            await AddAsync(batch);
    }

    List<Add> NextBatch()
    {
        lock (_lock)
        {
            var batch = new List<Add>(Math.Min(_line.Count, MaxBatch));
            var payload = 0L;
            while (batch.Count < MaxBatch && _line.TryPeek(out var add))
            {
                var more = add.Job.Invocation.PayloadLength;
                if (batch.Count > 0 && payload + more > AddBatches.MaxPayload)
                    break;
                _line.Dequeue();
                if (!add.Begin())
                    continue;
                batch.Add(add);
                payload += more;
            }

            _adding = batch.Count > 0;
            return batch;
        }
    }

    async Task AddAsync(List<Add> batch)
    {
        try
        {
            var ids = await addAll([.. batch.Select(add => add.Job)], CancellationToken.None);
            for (var i = 0; i < batch.Count; i++)
                batch[i].End(ids[i]);
        }
        catch (Exception e) when (batch.Count > 1 && MayBeForOne(e))
        {
            // None was added, and it may have been for one of them: each has its own answer.
            foreach (var add in batch)
                await AddAsync([add]);
        }
        catch (Exception e)
        {
            foreach (var add in batch)
                add.Fail(e);
        }
    }

    // Without a state of the database the connection broke, and nobody can tell whether they were added. A parent that is not there,
    // or that somebody keeps locked, is the same for all.
    static bool MayBeForOne(Exception e) => e is not (DbException { SqlState: null } or KeyNotFoundException or TimeoutException);

    sealed class Add(NewJob job)
    {
        // Callers go on elsewhere: the next batch does not wait for them.
        readonly TaskCompletionSource<long> _id = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int _begun;

        public NewJob Job => job;

        public Task<long> Id => _id.Task;

        /// <summary>False when it was cancelled before.</summary>
        public bool Begin() => Interlocked.CompareExchange(ref _begun, 1, 0) == 0;

        public void Cancel(CancellationToken cancellationToken)
        {
            if (Begin())
                _id.TrySetCanceled(cancellationToken);
        }

        public void End(long id) => _id.TrySetResult(id);

        public void Fail(Exception exception) => _id.TrySetException(exception);
    }
}
