using System.Net;

namespace JobRunner.Dashboard.Access;

/// <summary>Tells requests that come straight from this machine from all others.</summary>
static class LocalRequests
{
    // A proxy on this machine makes every visitor look local, and says so with one of these. A visitor who forges one only
    // locks himself out.
    static readonly string[] _marksOfProxies =
        ["X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Original-For", "X-Real-IP", "Forwarded", "Via"];

    public static bool IsLocal(HttpContext context)
    {
        var connection = context.Connection;
        return connection.RemoteIpAddress is { } remote
            && (IPAddress.IsLoopback(remote) || remote.Equals(connection.LocalIpAddress))
            && !_marksOfProxies.Any(context.Request.Headers.ContainsKey)
            && IsLocalName(context.Request.Host.Host);
    }

    // A page of another site can make this machine's browser send requests here under its own name (DNS rebinding); it
    // cannot do so under an address or under localhost.
    static bool IsLocalName(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || IPAddress.TryParse(host.AsSpan().Trim("[]"), out _);
}
