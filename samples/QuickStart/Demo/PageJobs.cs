using System.Text.RegularExpressions;

namespace QuickStart.Demo;

/// <summary>What a fetch found.</summary>
public sealed record FetchedPage(int Status, string? Title, int Bytes);

/// <summary>Jobs that wait for the network: asynchronous, so hundreds of them share a few threads.</summary>
public sealed partial class PageJobs(HttpClient http)
{
    /// <summary>Fetches a page.</summary>
    public async Task<FetchedPage> FetchAsync(string url, CancellationToken cancellationToken)
    {
        using var response = await http.GetAsync(new Uri(url), cancellationToken);
        var html = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        var title = Title().Match(System.Text.Encoding.UTF8.GetString(html));
        return new((int)response.StatusCode, title.Success ? title.Groups[1].Value : null, html.Length);
    }

    [GeneratedRegex("<title>([^<]*)</title>")]
    private static partial Regex Title();
}
