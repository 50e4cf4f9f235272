using JobRunner.Storage;
using Npgsql;
using NpgsqlTypes;

namespace JobRunner.Postgres;

/// <summary>Jobs to add, turned into arrays: one parameter for each column.</summary>
sealed class NewJobColumns(int count, CompatibilityLevel level)
{
    readonly string[] _invocationData = new string[count];
    readonly string[] _arguments = new string[count];
    readonly string[] _parameters = new string[count];
    readonly string[] _names = new string[count];
    readonly string?[] _reasons = new string?[count];
    readonly DateTime[] _createdAt = new DateTime[count];
    readonly string[] _data = new string[count];
    readonly string?[] _queues = new string?[count];
    readonly string?[] _sets = new string?[count];
    readonly double?[] _scores = new double?[count];
    readonly string[] _prefixes = new string[count];
    int _count;

    // Jobs that are added together mostly share these, by reference.
    (JobState State, string Data)? _lastState;
    (object Parameters, string Json)? _lastParameters;

    public void Add(NewJob job)
    {
        var effects = StateEffects.Of(null, job.State, job.Invocation.Queue);
        var i = _count++;
        _invocationData[i] = StoredText.CleanJson(job.Invocation.ToInvocationData());
        _arguments[i] = StoredText.CleanJson(job.Invocation.ToArgumentsColumn());
        _parameters[i] = ParametersOf(job);
        _names[i] = job.State.Name;
        _reasons[i] = StoredText.Clean(job.State.Reason);
        _createdAt[i] = job.State.CreatedAt.UtcDateTime;
        _data[i] = DataOf(job.State);
        _queues[i] = effects.EnqueueTo;
        _sets[i] = effects.AwaitingScore is not null ? "awaiting" : effects.ScheduleScore is not null ? "schedule" : null;
        _scores[i] = effects.AwaitingScore ?? effects.ScheduleScore;
        _prefixes[i] = effects.ScheduleScore is not null && job.Invocation.Queue is { } queue ? queue + ":" : "";
    }

    public NpgsqlParameter[] ToParameters() =>
    [
        Parameters.Of(_invocationData, NpgsqlDbType.Jsonb), Parameters.Of(_arguments, NpgsqlDbType.Jsonb),
        Parameters.Of(_parameters, NpgsqlDbType.Json), Parameters.Of(_names, NpgsqlDbType.Text),
        Parameters.Of(_reasons, NpgsqlDbType.Text), Parameters.Of(_createdAt, NpgsqlDbType.TimestampTz),
        Parameters.Of(_data, NpgsqlDbType.Jsonb), Parameters.Of(_queues, NpgsqlDbType.Text),
        Parameters.Of(_sets, NpgsqlDbType.Text), Parameters.Of(_scores, NpgsqlDbType.Double),
        Parameters.Of(_prefixes, NpgsqlDbType.Text),
    ];

    string DataOf(JobState state)
    {
        if (_lastState is not { } last || !ReferenceEquals(last.State, state))
            _lastState = last = (state, StateData.Write(StateLevel.At(level, state)));
        return last.Data;
    }

    string ParametersOf(NewJob job)
    {
        if (_lastParameters is not { } last || !ReferenceEquals(last.Parameters, job.Parameters))
            _lastParameters = last = (job.Parameters, StateData.Write(job.Parameters));
        return last.Json;
    }
}
