using System.Collections.Concurrent;
using JobRunner.Storage;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;

namespace JobRunner.Postgres;

/// <summary>Takes waiting jobs off their queues.</summary>
/// <remarks>
/// A job without a state is passed over like one that has ended: nobody can change its state (Hangfire can neither), so
/// its queue row can only be in the way. A job that has a state's name but no state row, as SQL written by hand may leave
/// it, is claimed with state id 0, and the guards know that.
/// </remarks>
sealed partial class QueueClaims(Database database, WaitingQueues waiting, TimeProvider time, ILogger logger)
{
    readonly FullScanThrottle _fullScans = new(time);
    readonly AheadClaims _ahead = new(database, time);
    readonly ConcurrentDictionary<string, long> _lastClaimed = new(StringComparer.Ordinal);

    public async Task<ClaimResult> ClaimAsync(ClaimRequest request, CancellationToken cancellationToken)
    {
        var limits = request.Queues.Where(queue => queue.Most > 0).DistinctBy(queue => queue.Queue, StringComparer.Ordinal).ToArray();
        if (limits.Length == 0 || request.Count <= 0)
            return new([], true);
        var order = Array.ConvertAll(limits, limit => limit.Queue);
        var jobs = new List<ClaimedJob>(Math.Min(request.Count, 1000));
        var (isComplete, areAll) = (true, true);
        await using var connection = await database.OpenAsync(cancellationToken);
        if (limits.Length > WaitingQueues.Many)
            (limits, areAll) = await WaitingAsync(connection, limits, request.Count, cancellationToken);
        if (limits.Length == 0)
            return new([], areAll);

        // Dropped rows count towards the limit; behind them, jobs may be waiting.
        while (jobs.Count < request.Count)
        {
            var before = jobs.Count;
            try
            {
                var left = Left(limits, jobs);
                var bytes = request.Bytes - jobs.Sum(job => job.Invocation?.PayloadLength ?? 0);
                if (bytes <= 0)
                    return Result(isComplete: false);
                var round = await RoundAsync(connection, left, request.Count - before, bytes, jobs, before == 0 ? cancellationToken : default);
                isComplete = round.Heavy == 0 && !round.GoesOn;
                if (round.Gone == 0 || round.Heavy > 0)
                    break;
            }
            catch (Exception e) when (before > 0)
            {
                // What this round read may not be committed; what earlier ones did is, and would be in nobody's hands.
                jobs.RemoveRange(before, jobs.Count - before);
                LogPartOfClaim(logger, e, before);
                break;
            }
        }

        return Result(isComplete && areAll);

        ClaimResult Result(bool isComplete) =>
            new([.. jobs.OrderBy(job => Array.IndexOf(order, job.Queue)).ThenBy(job => job.JobId).ThenBy(job => job.Claim.QueueRowId)], isComplete);
    }

    /// <summary>The first terms of both statements.</summary>
    public static NpgsqlParameter[] Terms(QueueLimit[] queues, int count, long bytes) =>
    [
        Names(queues), Parameters.Of(Array.ConvertAll(queues, queue => queue.Most), NpgsqlDbType.Integer), Parameters.Of(count), Parameters.Of(bytes),
    ];

    public static NpgsqlParameter Names(QueueLimit[] queues) => Parameters.Of(Array.ConvertAll(queues, queue => queue.Queue), NpgsqlDbType.Text);

    /// <summary>Reads what either statement has found.</summary>
    public static async Task<ClaimRound> ReadAsync(NpgsqlDataReader reader, List<ClaimedJob> jobs, CancellationToken cancellationToken)
    {
        var round = default(ClaimRound);
        while (await reader.ReadAsync(cancellationToken))
        {
            round = new(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2), NumberOrZero(3),
                reader.IsDBNull(4) ? null : reader.GetInt64(4), IsTrue(5), IsTrue(6));
            if (!reader.IsDBNull(7))
                jobs.Add(ReadClaimed(reader, jobs.Count > 0 ? jobs[^1].Parameters : null));
        }

        return round;

        bool IsTrue(int column) => !reader.IsDBNull(column) && reader.GetBoolean(column);

        long NumberOrZero(int column) => reader.IsDBNull(column) ? 0 : reader.GetInt64(column);
    }

    async Task<(QueueLimit[] Limits, bool AreAll)> WaitingAsync(
        NpgsqlConnection connection, QueueLimit[] limits, int count, CancellationToken cancellationToken)
    {
        var (queues, areAll) = await waiting.FindAsync(connection, Array.ConvertAll(limits, limit => limit.Queue), count, cancellationToken);
        var found = queues.ToHashSet(StringComparer.Ordinal);
        return ([.. limits.Where(limit => found.Contains(limit.Queue))], areAll);
    }

    // A second round may take what is left of each limit.
    static QueueLimit[] Left(QueueLimit[] limits, List<ClaimedJob> jobs) => jobs.Count == 0
        ? limits
        : Array.ConvertAll(limits, limit => limit with { Most = limit.Most - jobs.Count(job => job.Queue == limit.Queue) });

    async Task<ClaimRound> RoundAsync(
        NpgsqlConnection connection, QueueLimit[] queues, int count, long bytes, List<ClaimedJob> jobs, CancellationToken cancellationToken)
    {
        if (Array.Exists(queues, queue => !queue.Except.IsEmpty || queue.PastHead))
            return await _ahead.ClaimAsync(connection, queues, count, bytes, jobs, cancellationToken);
        var before = jobs.Count;
        if (!_fullScans.AllowsFullScan)
        {
            var behind = Array.ConvertAll(queues, queue => _lastClaimed.GetValueOrDefault(queue.Queue));
            var found = await ClaimBehindAsync(connection, queues, behind, count, bytes, jobs, cancellationToken);
            if (found.Picked > 0)
                return found;
        }

        var started = time.GetTimestamp();
        var round = await ClaimBehindAsync(connection, queues, new long[queues.Length], count, bytes, jobs, cancellationToken);
        _fullScans.Note(time.GetElapsedTime(started), jobs.Count - before);
        return round;
    }

    async Task<ClaimRound> ClaimBehindAsync(
        NpgsqlConnection connection, QueueLimit[] queues, long[] behind, int count, long bytes, List<ClaimedJob> jobs, CancellationToken cancellationToken)
    {
        await using var batch = Database.IndexedBatch(connection,
            database.Command(ClaimSql.Heads, [.. Terms(queues, count, bytes), Parameters.Ids(behind)]));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        var before = jobs.Count;
        var round = await ReadAsync(reader, jobs, cancellationToken);
        foreach (var job in jobs.Skip(before))
            _lastClaimed[job.Queue] = Math.Max(job.JobId, _lastClaimed.GetValueOrDefault(job.Queue));
        return round;
    }

    static ClaimedJob ReadClaimed(NpgsqlDataReader reader, IReadOnlyDictionary<string, string?>? lastParameters)
    {
        var (invocation, error) = StoredCall.Read(reader, 13, 14);
        return new ClaimedJob(
            reader.GetInt64(8), new Claim(reader.GetInt64(7), reader.GetInt32(10)), reader.GetString(9), reader.GetInt64(11),
            reader.GetString(12), invocation, error, StoredCall.ReadParameters(reader, 16, lastParameters), StoredInstant.Read(reader, 15));
    }

    [LoggerMessage(113, LogLevel.Warning, "A claim failed on its way, and ends with the {Count} jobs that it had")]
    static partial void LogPartOfClaim(ILogger logger, Exception exception, int count);
}

/// <summary>What one statement of a claim found.</summary>
/// <param name="Gone">Queue rows that went, because their job has gone or moved on.</param>
/// <param name="Heavy">Jobs that were left, because those before them have as many bytes as were asked for.</param>
/// <param name="Picked">All of them, and what was taken.</param>
/// <param name="FromHeads">How many of these were at the heads of the queues.</param>
/// <param name="LastLate">The newest queue row that was read, or null.</param>
/// <param name="LateIsFull">True when more rows have come lately than were read.</param>
/// <param name="GoesOn">True when there is more to read.</param>
readonly record struct ClaimRound(long Gone, long Heavy, long Picked, long FromHeads, long? LastLate, bool LateIsFull, bool GoesOn);
