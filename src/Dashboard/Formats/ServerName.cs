namespace JobRunner.Dashboard.Formats;

/// <summary>The names of workers: Hangfire's form is name, process id and a GUID, with colons between.</summary>
static class ServerName
{
    /// <summary>The name without the GUID, which tells a person nothing.</summary>
    public static string Short(string id)
    {
        var last = id.LastIndexOf(':');
        return last > 0 && Guid.TryParse(id.AsSpan(last + 1), out _) ? id[..last] : id;
    }
}
