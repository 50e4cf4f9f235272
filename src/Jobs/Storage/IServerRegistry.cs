namespace JobRunner.Storage;

/// <summary>Who works: JobRunner's workers, and Hangfire's servers.</summary>
public interface IServerRegistry
{
    /// <summary>Announces a worker, or tells that it is alive: the same row, made anew when somebody removed it.</summary>
    /// <param name="server">The worker.</param>
    /// <param name="gap">How long a silence is none. After a longer one the worker counts as heard from now on
    /// (<see cref="Rescuer"/>).</param>
    /// <inheritdoc cref="IWorkQueue.Renew" path="/remarks"/>
    void Announce(ServerInfo server, TimeSpan gap);

    /// <summary>Removes a worker that stops.</summary>
    Task WithdrawAsync(string serverId, CancellationToken cancellationToken);

    /// <summary>The workers that are alive or were lately, Hangfire's servers among them.</summary>
    Task<IReadOnlyList<ServerInfo>> ListAsync(CancellationToken cancellationToken);
}
