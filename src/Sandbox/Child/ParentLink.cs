using Microsoft.Extensions.Logging;

namespace JobRunner.Sandbox;

/// <summary>What a child tells its parent about the running job. Loggers and consoles are synchronous, so these are too: a
/// job that writes faster than its parent reads is slowed down instead of filling memory.</summary>
sealed class ParentLink(JsonRpcConnection connection)
{
    public void Log(LogLevel level, string message) =>
        Finish(connection.NotifyAsync(Wire.Log, new LogParams(level, Cut(message)), WireJson.Default.LogParams));

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
