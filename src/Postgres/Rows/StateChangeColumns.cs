using JobRunner.Storage;
using Npgsql;
using NpgsqlTypes;

namespace JobRunner.Postgres;

/// <summary>Changes of state turned into arrays, one parameter for each column. The history is flattened into three slots;
/// the state that becomes current is always in the last one. Sorted by job: in this order the jobs are locked.</summary>
sealed class StateChangeColumns(IEnumerable<(int Index, StateChange Change)> changes, CompatibilityLevel level)
{
    public const int Slots = 3;

    readonly (int Ordinal, StateChange Change, StateEffects Effects)[] _rows =
        [.. changes.OrderBy(c => c.Change.JobId).Select(c => (c.Index, c.Change, c.Change.Effects))];

    public long[] JobIds => Array.ConvertAll(_rows, r => r.Change.JobId);

    public NpgsqlParameter[] ToParameters(string channel, string lockPrefix) =>
    [
        Column(r => r.Ordinal, NpgsqlDbType.Integer),
        Column(r => r.Change.JobId, NpgsqlDbType.Bigint),
        Column(r => r.Change.SeenStateId, NpgsqlDbType.Bigint),
        Column(r => r.Change.Claim?.QueueRowId, NpgsqlDbType.Bigint),
        Column(r => r.Change.Claim?.Token, NpgsqlDbType.Integer),
        Column(r => r.Change.EndsClaim, NpgsqlDbType.Boolean),
        Column(r => r.Change.Parameters is { } parameters ? StateData.Write(parameters) : null, NpgsqlDbType.Json),
        Column(r => r.Effects.IsFinal, NpgsqlDbType.Boolean),
        Column(r => r.Effects.EnqueueTo, NpgsqlDbType.Text),
        Column(r => r.Effects.ScheduleScore, NpgsqlDbType.Double),
        Column(r => StateEffects.ScheduleEntry(r.Change.JobId, r.Change.OwnQueue), NpgsqlDbType.Text),
        // A job that goes from one schedule to another keeps its entry, with another score.
        Column(r => r.Effects is { LeavesSchedule: true, ScheduleScore: null }, NpgsqlDbType.Boolean),
        Column(r => r.Effects.AddsRetry, NpgsqlDbType.Boolean),
        Column(r => r.Effects.LeavesRetries, NpgsqlDbType.Boolean),
        Column(r => r.Effects.LeavesAwaiting, NpgsqlDbType.Boolean),
        Column(r => r.Effects.Counted, NpgsqlDbType.Text),
        Column(r => r.Effects.Uncounted, NpgsqlDbType.Text),
        .. Slot(0), .. Slot(1), .. Slot(2),
        Column(r => r.Change.Retention, NpgsqlDbType.Interval),
        Parameters.Of(channel),
        Parameters.Of(lockPrefix),
    ];

    IEnumerable<NpgsqlParameter> Slot(int slot)
    {
        var states = Array.ConvertAll(_rows, r => r.Change.States.ElementAtOrDefault(slot - Slots + r.Change.States.Count));
        yield return Parameters.Of(Array.ConvertAll(states, s => s?.Name), NpgsqlDbType.Text);
        yield return Parameters.Of(Array.ConvertAll(states, s => StoredText.Clean(s?.Reason)), NpgsqlDbType.Text);
        yield return Parameters.Of(Array.ConvertAll(states, s => s?.CreatedAt.UtcDateTime), NpgsqlDbType.TimestampTz);
        yield return Parameters.Of(Array.ConvertAll(states, s => s is null ? null : StateData.Write(StateLevel.At(level, s))), NpgsqlDbType.Jsonb);
    }

    NpgsqlParameter Column<T>(Converter<(int Ordinal, StateChange Change, StateEffects Effects), T> value, NpgsqlDbType type) =>
        Parameters.Of(Array.ConvertAll(_rows, value), type);
}
