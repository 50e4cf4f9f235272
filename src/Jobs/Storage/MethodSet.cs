using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;

namespace JobRunner.Storage;

/// <summary>
/// Methods whose jobs a claim leaves where they are, each named as <see cref="Invocation.StoredMethod"/> does. Immutable; its
/// <see cref="Hash"/> tells two sets apart, so that claims which leave the same jobs can share what they know of a queue.
/// </summary>
public sealed class MethodSet
{
    /// <summary>No method: a claim takes whatever it finds.</summary>
    public static readonly MethodSet Empty = new([], null);

    readonly FrozenSet<string> _methods;

    MethodSet(IEnumerable<string> methods, string? smaller)
    {
        _methods = methods.ToFrozenSet(StringComparer.Ordinal);
        Hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', _methods.Order(StringComparer.Ordinal)))).AsSpan(0, 16));
        Smaller = smaller;
    }

    /// <summary>The methods, in no order.</summary>
    public IReadOnlyCollection<string> Methods => _methods;

    /// <summary>The first half of the SHA-256 of the methods in ordinal order, in hexadecimal.</summary>
    public string Hash { get; }

    /// <summary>The <see cref="Hash"/> of the set from which this one came by adding methods, or null. What was passed over for that set
    /// would be passed over for this one, too.</summary>
    public string? Smaller { get; }

    /// <summary>True when it has none.</summary>
    public bool IsEmpty => _methods.Count == 0;

    /// <summary>True when jobs of that method are left.</summary>
    public bool Contains(string method) => _methods.Contains(method);

    /// <summary>The set of these methods, which follows this one: itself when they are the same.</summary>
    public MethodSet Next(IReadOnlyCollection<string> methods)
    {
        ArgumentNullException.ThrowIfNull(methods);
        if (methods.Count == 0)
            return Empty;
        if (_methods.SetEquals(methods))
            return this;
        return new(methods, !IsEmpty && _methods.IsSubsetOf(methods) ? Hash : null);
    }
}
