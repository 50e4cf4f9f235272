using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace JobRunner.Sandbox;

/// <summary>The parameters of a call, by name or by position. Valid only until the handler returns or first awaits.</summary>
readonly ref struct RpcParams(ReadOnlySpan<byte> json)
{
    readonly ReadOnlySpan<byte> _json = json;

    /// <summary>How many bytes they have.</summary>
    public int Length => _json.Length;

    /// <summary>Their text, to be read later.</summary>
    public byte[] Copy() => _json.ToArray();

    /// <summary>Reads them as a record whose properties are the parameters, in their order.</summary>
    /// <exception cref="RpcException">They do not fit.</exception>
    public T Read<T>(JsonTypeInfo<T> type) where T : class
    {
        try
        {
            var named = _json is [(byte)'[', ..] ? ByName(_json, type) : _json;
            return JsonSerializer.Deserialize(named, type) ?? throw new JsonException("null is not an object.");
        }
        catch (JsonException e)
        {
            throw new RpcException(RpcErrorCodes.InvalidParams, $"The parameters cannot be read: {e.Message}");
        }
    }

    // No method has an object as its first parameter, so an array of one object is that object: the form in which
    // StreamJsonRpc sends a single argument.
    static ReadOnlySpan<byte> ByName(ReadOnlySpan<byte> array, JsonTypeInfo type)
    {
        using var values = JsonDocument.Parse(array.ToArray());
        var named = new ArrayBufferWriter<byte>(array.Length + 64);
        using var writer = new Utf8JsonWriter(named);
        if (values.RootElement is var root && root.GetArrayLength() == 1 && root[0].ValueKind == JsonValueKind.Object)
            root[0].WriteTo(writer);
        else
            WriteMembers(writer, root, type);
        writer.Flush();
        return named.WrittenSpan;
    }

    static void WriteMembers(Utf8JsonWriter writer, JsonElement values, JsonTypeInfo type)
    {
        if (values.GetArrayLength() > type.Properties.Count)
            throw new JsonException($"{values.GetArrayLength()} were sent, and there are {type.Properties.Count}.");
        writer.WriteStartObject();
        foreach (var (i, value) in values.EnumerateArray().Index())
        {
            writer.WritePropertyName(type.Properties[i].Name);
            value.WriteTo(writer);
        }

        writer.WriteEndObject();
    }
}
