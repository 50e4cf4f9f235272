namespace Shop.Contracts;

/// <summary>Jobs that harm the process which runs them, on its async lane.</summary>
public static class DeadlyJobs
{
    public static async Task FailFastAsync()
    {
        await Task.Yield();
        Environment.FailFast("as the test asked");
    }

    public static async Task BlockAsync(int ms)
    {
        using var never = new ManualResetEventSlim();
        never.Wait(ms);
        await Task.Yield();
    }
}
