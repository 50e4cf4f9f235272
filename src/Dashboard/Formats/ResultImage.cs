using System.Buffers;
using System.Text.Json;

namespace JobRunner.Dashboard.Formats;

/// <summary>Results that are pictures: a string with a PNG as a data URI, or an object with <c>ContentType</c> and <c>Data</c>.</summary>
static class ResultImage
{
    const string PngUri = "data:image/png;base64,";

    static readonly SearchValues<char> _base64 =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=");

    /// <summary>The data URI to show, or null when the result is no picture.</summary>
    public static string? TryRead(string? json)
    {
        if (json is null || JsonText.KindOf(json) is not (JsonValueKind.String or JsonValueKind.Object))
            return null;
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.String
                ? FromUri(document.RootElement.GetString()!)
                : FromObject(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null; // It is no JSON, or a string in it is no Unicode: shown as text.
        }
    }

    static string? FromUri(string uri) =>
        uri.StartsWith(PngUri, StringComparison.Ordinal) && IsBase64(uri.AsSpan(PngUri.Length)) ? uri : null;

    static string? FromObject(JsonElement result) =>
        result.TryGetProperty("ContentType", out var type) && type.ValueKind == JsonValueKind.String && type.ValueEquals("image/png")
        && result.TryGetProperty("Data", out var data) && data.ValueKind == JsonValueKind.String
        && data.GetString() is { } text && IsBase64(text)
            ? PngUri + text
            : null;

    static bool IsBase64(ReadOnlySpan<char> text) => text.Length > 0 && !text.ContainsAnyExcept(_base64);
}
