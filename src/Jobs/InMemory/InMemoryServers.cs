using JobRunner.Storage;

namespace JobRunner.InMemory;

/// <summary>Who works, and since when each was heard without a gap.</summary>
sealed class InMemoryServers(InMemoryState state) : IServerRegistry
{
    // Hangfire's ServerTimeout.
    static readonly TimeSpan _serverTimeout = TimeSpan.FromMinutes(5);

    readonly Dictionary<string, ServerInfo> _servers = new(StringComparer.Ordinal);
    readonly Dictionary<string, DateTimeOffset> _heardSince = new(StringComparer.Ordinal);

    /// <summary>How many. Read under the state's lock.</summary>
    public int Count => _servers.Count;

    public void Announce(ServerInfo server, TimeSpan gap)
    {
        lock (state.Lock)
        {
            var now = state.Now;
            if (!_servers.TryGetValue(server.Id, out var known) || now - known.LastHeartbeat > gap)
                _heardSince[server.Id] = now;
            _servers[server.Id] = server with { LastHeartbeat = now };
        }
    }

    public Task WithdrawAsync(string serverId, CancellationToken cancellationToken)
    {
        lock (state.Lock)
            Forget(serverId);
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<ServerInfo>> ListAsync(CancellationToken cancellationToken)
    {
        lock (state.Lock)
            return Task.FromResult<IReadOnlyList<ServerInfo>>([.. _servers.Values.OrderBy(server => server.Id, StringComparer.Ordinal)]);
    }

    /// <summary>Whether this one may call others dead. Called under the state's lock, as all that follows.</summary>
    public bool MayRescue(Rescuer? rescuer, TimeSpan silence) => rescuer is null
        || (_servers.TryGetValue(rescuer.ServerId, out var server)
            && state.Now - server.LastHeartbeat <= rescuer.Gap && state.Now - _heardSince[server.Id] >= silence);

    /// <summary>True when nothing was heard of a server for so long, or ever.</summary>
    public bool IsSilent(string serverId, TimeSpan silence) =>
        !_servers.TryGetValue(serverId, out var server) || state.Now - server.LastHeartbeat > silence;

    /// <summary>The place of who looks among the workers that can do all that it does.</summary>
    public FleetPlace PlaceOf(LookRequest request)
    {
        var able = _servers.Values.Where(server => server.Id.StartsWith(ServerInfo.NamePrefix, StringComparison.Ordinal)
            && server.Id != request.ServerId && !IsSilent(server.Id, request.Gap) && !request.Queues.Except(server.Queues).Any()).ToArray();
        return request.ServerId is null ? new(1, 0) : new(able.Length + 1, able.Count(server => string.CompareOrdinal(server.Id, request.ServerId) < 0));
    }

    /// <summary>Forgets the servers that are gone.</summary>
    public void ForgetSilent()
    {
        foreach (var server in _servers.Values.Where(server => state.Now - server.LastHeartbeat > _serverTimeout).ToArray())
            Forget(server.Id);
    }

    void Forget(string serverId)
    {
        _servers.Remove(serverId);
        _heardSince.Remove(serverId);
    }
}
