namespace JobRunner;

/// <summary>Which queue a stored call's attributes name: for whoever enqueues a job again (due, retried, requeued) and has
/// nothing but its row.</summary>
public sealed class QueueRule(JobMethods methods, ArgumentSerializer arguments)
{
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
