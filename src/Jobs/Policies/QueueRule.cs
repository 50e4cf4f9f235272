namespace JobRunner;

/// <summary>Which queue a stored call's attributes name: for whoever enqueues a job again (due, retried, requeued) and has
/// nothing but its row.</summary>
public sealed class QueueRule(JobMethods methods, ArgumentSerializer arguments)
{
    /// <summary>The state that a job enters, with the queue that its call's attributes name when it is Enqueued: Hangfire sets
    /// it whoever enqueues the job, and whatever queue they said.</summary>
    public JobState Apply(JobState state, Invocation? invocation)
    {
        ArgumentNullException.ThrowIfNull(state);
        return state.Name == JobStates.Enqueued && Of(invocation) is { } queue ? state.In(queue) : state;
    }

    /// <summary>True when <see cref="Of"/> needs the call's arguments: they may have megabytes, and are not read otherwise.</summary>
    public bool NeedsArguments(Invocation? invocation)
    {
        try
        {
            return invocation is not null && methods.Types.Knows(invocation.Type) && methods.Find(invocation).Policy.QueueTakesArguments;
        }
        catch (Exception)
        {
            return false; // it cannot be loaded, and no arguments change that
        }
    }

    /// <summary>The queue, or null: no attribute names one, or the call cannot be read here.</summary>
    public string? Of(Invocation? invocation)
    {
        try
        {
            return invocation is not null && methods.Types.Knows(invocation.Type)
                ? methods.Find(invocation) is var method ? method.Policy.QueueOf(() => arguments.ReadAll(method, invocation)) : null
                : null;
        }
        catch (Exception)
        {
            // Whatever its arguments' own code throws: the job is enqueued all the same, and its worker tells what is wrong with it.
            return null;
        }
    }
}
