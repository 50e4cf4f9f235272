namespace JobRunner;

/// <summary>How long a job is kept that enters a state: the one place where that is decided, for every change of state, whoever makes
/// it. The attributes of its method say so, or else the options.</summary>
public sealed class RetentionRule
{
    static readonly TimeSpan _default = TimeSpan.FromDays(1);

    readonly RetentionPolicy _options;
    readonly JobMethods? _methods;

    /// <param name="options">For jobs whose attributes say nothing.</param>
    /// <param name="methods">Finds the attributes; null when there are none to be found.</param>
    /// <exception cref="ArgumentException">An option is out of bounds.</exception>
    public RetentionRule(RetentionOptions options, JobMethods? methods = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        Require(nameof(options.Succeeded), options.Succeeded);
        Require(nameof(options.Deleted), options.Deleted);
        Require(nameof(options.Failed), options.Failed);
        _options = new(options.Succeeded ?? _default, options.Deleted ?? _default, options.Failed);
        _methods = methods;
    }

    /// <summary>How long, for a job whose method is known.</summary>
    /// <returns>Null when the job is kept until something else happens to it.</returns>
    public TimeSpan? Of(JobState state, JobPolicy? policy)
    {
        ArgumentNullException.ThrowIfNull(state);
        return state.Name switch
        {
            JobStates.Succeeded => policy?.Retention?.Succeeded ?? _options.Succeeded,
            JobStates.Deleted => policy?.Retention?.Deleted ?? _options.Deleted,
            JobStates.Failed => policy?.Retention?.Failed is { } said ? said == Timeout.InfiniteTimeSpan ? null : said : _options.Failed,
            _ => null,
        };
    }

    /// <summary>How long, for whoever has nothing but the stored call; where its method is not known, its attributes do not count.</summary>
    /// <returns>Null when the job is kept until something else happens to it.</returns>
    public TimeSpan? Of(JobState state, Invocation? invocation)
    {
        ArgumentNullException.ThrowIfNull(state);
        return JobStates.HasEnded(state.Name) ? Of(state, PolicyOf(invocation)) : null;
    }

    JobPolicy? PolicyOf(Invocation? invocation)
    {
        try
        {
            return invocation is not null && _methods?.Types.Knows(invocation.Type) == true ? _methods.Find(invocation).Policy : null;
        }
        catch (Exception)
        {
            // What is wrong with the call or its attributes is its worker's to tell; this job ends all the same.
            return null;
        }
    }

    static void Require(string name, TimeSpan? value)
    {
        if (value is { } span && !RetentionPolicy.IsInBounds(span))
            throw new ArgumentException($"JobRunner:Retention:{name} is {span}; {RetentionPolicy.Bounds}");
    }
}
