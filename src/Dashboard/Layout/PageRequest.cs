using System.Globalization;
using JobRunner.Dashboard.Assets;
using JobRunner.Dashboard.Executions;
using JobRunner.Storage;
using Microsoft.AspNetCore.Antiforgery;

namespace JobRunner.Dashboard.Layout;

/// <summary>What the pages of one request share: where the dashboard is mounted, and when "now" is.</summary>
sealed class PageRequest(TimeProvider time, IAntiforgery antiforgery, IExecutionHistory history)
{
    string _root = "";

    public DateTimeOffset Now { get; } = time.GetUtcNow();

    public string OverviewPath => _root.Length == 0 ? "/" : _root;

    public string EventsPath => $"{_root}/events";

    /// <summary>True when there is a history of executions to show.</summary>
    public bool HasHistory => history.IsKept;

    public AntiforgeryTokenSet? Token { get; private set; }

    /// <summary>Finds the dashboard's own path: what is left of the request's when the page's segments are taken away.</summary>
    public void Locate(HttpContext context)
    {
        var depth = context.GetEndpoint()?.Metadata.GetMetadata<PageDepth>()?.Segments
            ?? (context.Request.RouteValues["rest"] as string)?.Trim('/').Split('/').Length ?? 0;
        var path = context.Request.Path.ToUriComponent().TrimEnd('/');
        for (; depth > 0 && path.Contains('/', StringComparison.Ordinal); depth--)
            path = path[..path.LastIndexOf('/')];
        _root = context.Request.PathBase.ToUriComponent() + path;
    }

    /// <summary>Makes the token that the forms of the page carry. Call it before the answer begins: it may set a cookie.</summary>
    public void AllowForms(HttpContext context) => Token = antiforgery.GetAndStoreTokens(context);

    public string ListPath(string state, int page = 1) =>
        page > 1
            ? string.Create(CultureInfo.InvariantCulture, $"{_root}/{StateView.Slug(state)}?page={page}")
            : $"{_root}/{StateView.Slug(state)}";

    public string JobPath(long id, string rest = "") => string.Create(CultureInfo.InvariantCulture, $"{_root}/{id}{rest}");

    public string HistoryPath(ExecutionFilter? filter = null) => $"{_root}/history{filter?.ToQuery()}";

    public string AssetPath(string name) => _root + AssetFiles.PathOf(name);
}

/// <summary>How many segments at the end of a path belong to the page itself.</summary>
sealed record PageDepth(int Segments);
