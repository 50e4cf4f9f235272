using Microsoft.Extensions.Logging;

namespace JobRunner.Sandbox;

/// <summary>What a child tells its parent about the running job. Loggers and consoles are synchronous, so these are too: a
/// job that writes faster than its parent reads is slowed down instead of filling memory.</summary>
sealed class ParentLink(JsonRpcConnection connection)
{
    long _left = long.MaxValue;

    /// <summary>Begins the log of a job that may have so many characters; 0 for any number.</summary>
    public void BeginLog(long limit) => Interlocked.Exchange(ref _left, limit > 0 ? limit : long.MaxValue);

    public void Log(LogLevel level, string message)
    {
        // The line that goes over the limit is sent as well: by it the parent knows that lines are missing. The parent keeps to the
        // limit in any case; this spares both the work of telling what nobody hears.
        var cut = Cut(message);
        var cost = RunLog.CostOf(cut);
        if (Interlocked.Add(ref _left, -cost) + cost >= 0)
            Finish(connection.NotifyAsync(Wire.Log, new LogParams(level, cut), WireJson.Default.LogParams));
    }

    public void Progress(long token, ProgressValue value) =>
        Finish(connection.NotifyAsync(RpcMessages.Progress, new ProgressParams(token, value), WireJson.Default.ProgressParams));

    static string Cut(string message) => message.Length <= OutputPump.MaxLineLength ? message : message[..OutputPump.MaxLineLength] + "…";

    static void Finish(ValueTask sending)
    {
        try
        {
            if (sending.IsCompleted)
                sending.GetAwaiter().GetResult();
            else
                sending.AsTask().GetAwaiter().GetResult();
        }
        catch (RpcConnectionException)
        {
            // the parent is gone: nobody is left to tell, and this process ends
        }
    }
}
