using System.Collections.Concurrent;
using JobRunner.Storage;
using Npgsql;
using NpgsqlTypes;

namespace JobRunner.Postgres;

/// <summary>
/// Claims past jobs that are left where they are, because their lane is full or nobody here knows them, however many of them stand before the
/// wanted ones. Three places are read, each up to a bound: the head of the queue; what has come lately, which is told by the id of the queue row and
/// not by the job's (a job that is retried is old); and a part of the whole queue, which goes on where the last claim ended.
/// That last one is the sweep. Its position is a row that all workers share who leave the same jobs, so a million of them are read once for all.
/// </summary>
/// <remarks>All of it is hints. What a lost hint passes over, the next sweep finds: it begins anew a second after the end of the last one, or twenty times
/// as long as that took. Thread-safe.</remarks>
sealed class AheadClaims(Database database, TimeProvider time)
{
    const int HeadRows = 1000;
    const int LateRows = 2000;

    // A sweep is a part of claims that somebody waits for: small steps, and larger ones where it is long. All is bounded in bytes, too.
    const int SmallStep = 500;
    const int LargeStep = 2500;
    const int SmallSteps = 40;
    const int MostHints = 10_000;

    // To compare the method of a job is to read its whole call.
    const long BytesOfRow = 2000;

    // A row whose transaction commits late has an older id than what has been seen.
    static readonly TimeSpan _settled = TimeSpan.FromSeconds(1);

    // The row of a sweep that nobody makes any more is removed some time after that.
    static readonly TimeSpan _forgotten = TimeSpan.FromMinutes(10);

    // A head in which nothing was found is not read again for so long: the sweep comes by.
    static readonly TimeSpan _barren = TimeSpan.FromMilliseconds(250);

    readonly ConcurrentDictionary<(string Queue, string Hash), Hint> _hints = new();

    /// <summary>One claim.</summary>
    /// <returns>What it found: whether there is more to read at once, too.</returns>
    public async Task<ClaimRound> ClaimAsync(
        NpgsqlConnection connection, QueueLimit[] queues, int count, long bytes, List<ClaimedJob> jobs, CancellationToken cancellationToken)
    {
        var hints = await HintsAsync(connection, queues, cancellationToken);
        bool[] heads = [.. hints.Zip(queues, (hint, queue) =>
            !queue.PastHead && (hint.BarrenSince is not { } since || time.GetElapsedTime(since) > _barren))];
        var step = hints.Max(hint => hint.Steps) < SmallSteps ? SmallStep : LargeStep;
        await using var batch = Database.IndexedBatch(connection, database.Command(ClaimSql.Ahead,
            [.. QueueClaims.Terms(queues, count, bytes), .. MethodsOf(queues),
                Parameters.Of(Array.ConvertAll(queues, queue => queue.Except.Hash), NpgsqlDbType.Text), Parameters.Of(heads, NpgsqlDbType.Boolean),
                Parameters.Ids(hints.Select(hint => hint.Behind)), Parameters.Of(HeadRows), Parameters.Of(LateRows),
                Parameters.Of(step), Parameters.Of(step * BytesOfRow)]));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        var answered = new List<ClaimedJob>();
        var round = await QueueClaims.ReadAsync(reader, answered, cancellationToken);
        ClaimedJob[] claimed = [.. answered.DistinctBy(job => job.Claim)]; // a row may stand at the head and have come lately, too
        jobs.AddRange(claimed);

        // What was dropped counts towards the limits, so whether a queue was read to its end is known only without.
        var unlimited = round.Picked < count && round.Gone == 0 && round.Heavy == 0;
        foreach (var (hint, queue, head) in hints.Zip(queues, heads))
        {
            hint.Steps = round.GoesOn ? hint.Steps + 1 : 0;
            if (head)
                hint.BarrenSince = round.FromHeads == 0 ? time.GetTimestamp() : null;
            if (unlimited && round.LastLate is { } last && claimed.Count(job => job.Queue == queue.Queue) < queue.Most)
                Advance(hint, last, round.LateIsFull);
            else if (queue.PastHead && round.LastLate is { } newest)
                Advance(hint, Math.Max(hint.Behind, Math.Min(newest, LastRow(claimed, queue.Queue))), isFull: true);
        }

        return round with { GoesOn = round.GoesOn || round.LateIsFull };
    }

    // What is not wanted comes back with the row that it had: it is left to the sweep, or it would be all that is ever read.
    static long LastRow(ClaimedJob[] jobs, string queue) =>
        jobs.Where(job => job.Queue == queue).Select(job => job.Claim.QueueRowId).DefaultIfEmpty().Max();

    void Advance(Hint hint, long last, bool isFull)
    {
        var now = time.GetTimestamp();
        if (isFull)
            (hint.Behind, hint.Next, hint.NextAt) = (last, last, now);
        else if (time.GetElapsedTime(hint.NextAt) >= _settled)
            (hint.Behind, hint.Next, hint.NextAt) = (Math.Max(hint.Behind, hint.Next), last, now);
    }

    async Task<Hint[]> HintsAsync(NpgsqlConnection connection, QueueLimit[] queues, CancellationToken cancellationToken)
    {
        if (_hints.Count > MostHints)
            _hints.Clear();
        var unknown = Array.FindAll(queues, queue => !_hints.TryGetValue((queue.Queue, queue.Except.Hash), out var hint) || time.GetElapsedTime(hint.UsedAt) > _forgotten);
        if (unknown.Length > 0)
            await BeginAsync(connection, unknown, cancellationToken);
        var hints = Array.ConvertAll(queues, queue => _hints.GetOrAdd((queue.Queue, queue.Except.Hash), _ => new()));
        Array.ForEach(hints, hint => hint.UsedAt = time.GetTimestamp());
        return hints;
    }

    const string LastRowSql = "select coalesce(max(id), 0) from hangfire.jobqueue";

    async Task BeginAsync(NpgsqlConnection connection, QueueLimit[] queues, CancellationToken cancellationToken)
    {
        await using var batch = Database.IndexedBatch(connection,
            database.Command(ClaimSql.BeginSweep, QueueClaims.Names(queues),
                Parameters.Of(Array.ConvertAll(queues, queue => queue.Except.Hash), NpgsqlDbType.Text),
                Parameters.Of(Array.ConvertAll(queues, queue => queue.Except.Smaller ?? ""), NpgsqlDbType.Text)),
            database.Command(LastRowSql));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken); // the insert has no rows: this is the last statement's
        await reader.ReadAsync(cancellationToken);
        var behind = reader.GetInt64(0) - HeadRows;
        foreach (var queue in queues)
        {
            var smaller = queue.Except.Smaller is { } hash ? _hints.GetValueOrDefault((queue.Queue, hash)) : null;
            var start = smaller?.Behind ?? behind;
            _hints[(queue.Queue, queue.Except.Hash)] = new() { Behind = start, Next = start, NextAt = time.GetTimestamp() };
        }
    }

    // Queues with the same set share its place in the list.
    static NpgsqlParameter[] MethodsOf(QueueLimit[] queues)
    {
        var methods = new List<string>();
        var places = new Dictionary<MethodSet, (int First, int Last)>(ReferenceEqualityComparer.Instance);
        foreach (var set in queues.Select(queue => queue.Except).Where(set => !places.ContainsKey(set)))
        {
            methods.AddRange(set.Methods);
            places.Add(set, (methods.Count - set.Methods.Count + 1, methods.Count));
        }

        return
        [
            Parameters.Of(methods.ToArray(), NpgsqlDbType.Text),
            Parameters.Of(Array.ConvertAll(queues, queue => places[queue.Except].First), NpgsqlDbType.Integer),
            Parameters.Of(Array.ConvertAll(queues, queue => places[queue.Except].Last), NpgsqlDbType.Integer),
        ];
    }

    /// <summary>What one worker knows of a queue past a set of methods. Written by claims of one worker, which follow each other.</summary>
    sealed class Hint
    {
        /// <summary>Queue rows up to this one have been read, and are left to the sweep.</summary>
        public long Behind { get; set; }

        /// <summary>Where <see cref="Behind"/> goes once the row has settled.</summary>
        public long Next { get; set; }

        public long NextAt { get; set; }

        /// <summary>When the last claim used it.</summary>
        public long UsedAt { get; set; }

        /// <summary>How many steps of the sweep this worker has made in a row.</summary>
        public int Steps { get; set; }

        /// <summary>Since when the head is known to have nothing; null when it had.</summary>
        public long? BarrenSince { get; set; }
    }
}
