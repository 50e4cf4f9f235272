using System.Collections.Frozen;
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace JobRunner.Dashboard.Assets;

/// <summary>The script, the style and the icon: embedded, so that they come with the assembly whoever hosts it.</summary>
static class AssetFiles
{
    static readonly FrozenDictionary<string, Asset> _files = new[]
    {
        Load("jobs.css", "text/css; charset=utf-8"),
        Load("jobs.js", "text/javascript; charset=utf-8"),
        Load("icon.svg", "image/svg+xml"),
    }.ToFrozenDictionary(file => file.Name, StringComparer.Ordinal);

    public static void MapAssets(this IEndpointRouteBuilder pages) => pages.MapGet("/assets/{name}", Get).AtDepth(2);

    /// <summary>The path of a file below the dashboard's own. It names the version, so that browsers may keep it for good.</summary>
    public static string PathOf(string name) => $"/assets/{name}?v={_files[name].Version}";

    static IResult Get(string name, string? v, HttpResponse response)
    {
        if (!_files.TryGetValue(name, out var file))
            return TypedResults.NotFound();
        response.Headers.CacheControl = v == file.Version ? "public, max-age=31536000, immutable" : "no-cache";
        return TypedResults.Bytes(file.Content, file.ContentType, entityTag: new EntityTagHeaderValue($"\"{file.Version}\""));
    }

    static Asset Load(string name, string contentType)
    {
        using var stream = typeof(AssetFiles).Assembly.GetManifestResourceStream("Assets/" + name)
            ?? throw new InvalidOperationException($"The assembly carries no '{name}'.");
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return new(name, contentType, content, Convert.ToHexStringLower(SHA256.HashData(content))[..12]);
    }

    sealed record Asset(string Name, string ContentType, byte[] Content, string Version);
}
