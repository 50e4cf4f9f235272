using JobRunner;

namespace QuickStart.Demo;

/// <summary>Jobs that go wrong, each in its own way.</summary>
public static class FlakyJobs
{
    /// <summary>Fails twice, then succeeds.</summary>
    [Retry(Attempts = 5, DelaysInSeconds = [1, 2])]
    public static async Task<string> SucceedAtTheThirdAttemptAsync(IJobContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        context.Logger.LogInformation("This is attempt {Attempt}", context.Attempt);
        await Task.Yield();
        return context.Attempt < 3
            ? throw new InvalidOperationException($"The service is not ready yet (attempt {context.Attempt}).")
            : $"It worked at attempt {context.Attempt}.";
    }

    /// <summary>Greets, later.</summary>
    public static Task<string> GreetAsync(string name) => Task.FromResult($"Hello, {name}, with {TimeProvider.System.GetUtcNow():HH:mm:ss} on the clock.");

    /// <summary>Calls itself until the stack is full. That kills a process; here it is a sandbox.</summary>
    [Retry(Attempts = 0)]
    public static int OverflowTheStack(int depth) => OverflowTheStack(depth + 1) + depth;

    /// <summary>Never ends by itself.</summary>
    [Retry(Attempts = 0)]
    [Sandboxed(TimeLimit = "2s")]
    public static void SpinForever()
    {
        for (var i = 0L; ; i++)
            GC.KeepAlive(i);
    }

    /// <summary>Ends its process as if all were well.</summary>
    [Retry(Attempts = 0)]
    public static void ExitTheProcess() => Environment.Exit(0);
}
