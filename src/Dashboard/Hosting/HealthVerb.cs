namespace JobRunner.Dashboard;

/// <summary><c>JobRunner.Dashboard health</c>: asks the dashboard on this machine whether it is alive, for a container that
/// has no other tool to ask with.</summary>
static class HealthVerb
{
    static readonly TimeSpan _patience = TimeSpan.FromSeconds(5);

    public static async Task<int> RunAsync(string urls)
    {
        using var http = new HttpClient { Timeout = _patience };
        try
        {
            using var answer = await http.GetAsync(new Uri(LocalAddress(urls), "/health/live"));
            await Console.Out.WriteLineAsync(await answer.Content.ReadAsStringAsync());
            return answer.IsSuccessStatusCode ? 0 : 1;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            await Console.Out.WriteLineAsync($"no dashboard answers at {LocalAddress(urls)}: {e.Message}");
            return 1;
        }
    }

    // A server listens to "any address" under several names; a client needs one that it can go to.
    static Uri LocalAddress(string urls)
    {
        var first = urls.Split(';')[0];
        foreach (var any in (ReadOnlySpan<string>)["://+", "://*", "://0.0.0.0", "://[::]"])
            first = first.Replace(any, "://localhost", StringComparison.Ordinal);
        return new Uri(first);
    }
}
