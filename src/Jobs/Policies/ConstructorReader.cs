using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;

namespace JobRunner;

/// <summary>
/// What the constructor of an attribute gives to its base, and to its properties, read from its code without running it: constants and its
/// own arguments, which is what constructors of attributes are made of. It stops where there is anything else; what came before counts.
/// </summary>
sealed class ConstructorReader(MetadataReader metadata, IReadOnlyList<object?> arguments)
{
    static readonly object _this = new();

    readonly Stack<object?> _stack = new();

    /// <summary>What its base's constructor gets; null when it could not be read.</summary>
    public IReadOnlyList<object?>? BaseArguments { get; private set; }

    /// <summary>The constructor of its base that it calls.</summary>
    public EntityHandle BaseConstructor { get; private set; }

    /// <summary>The properties that it sets.</summary>
    public Dictionary<string, object?> Properties { get; } = new(StringComparer.Ordinal);

    public void Read(BlobReader code)
    {
        while (code.RemainingBytes > 0 && Step(ref code))
        {
            // one instruction after another
        }
    }

    // The numbers are those of ECMA-335, III.1.2.1.
    bool Step(ref BlobReader code)
    {
        var instruction = code.ReadByte();
        switch (instruction)
        {
            case 0x00: // nop
                return true;
            case 0x02: // ldarg.0
                _stack.Push(_this);
                return true;
            case 0x03 or 0x04 or 0x05: // ldarg.1 to ldarg.3
                return PushArgument(instruction - 0x02);
            case 0x0E: // ldarg.s
                return PushArgument(code.ReadByte());
            case 0x14: // ldnull
                _stack.Push(null);
                return true;
            case >= 0x15 and <= 0x1E: // ldc.i4.m1 to ldc.i4.8
                _stack.Push(instruction - 0x16);
                return true;
            case 0x1F: // ldc.i4.s
                _stack.Push((int)code.ReadSByte());
                return true;
            case 0x20: // ldc.i4
                _stack.Push(code.ReadInt32());
                return true;
            case 0x25: // dup
                return _stack.TryPeek(out var top) && Push(top);
            case 0x28: // call
                return Call(MetadataTokens.EntityHandle(code.ReadInt32()));
            case 0x72: // ldstr
                return Push(metadata.GetUserString((UserStringHandle)MetadataTokens.Handle(code.ReadInt32())));
            case 0x7D: // stfld: a field of its own
                code.ReadInt32();
                return _stack.TryPop(out _) && _stack.TryPop(out _);
            case 0x8D: // newarr
                code.ReadInt32();
                return _stack.TryPop(out var length) && length is >= 0 and < 1000 && Push(new object?[(int)length]);
            case 0x9E or 0xA2: // stelem.i4, stelem.ref
                return StoreElement();
            default:
                return false;
        }
    }

    bool Push(object? value)
    {
        _stack.Push(value);
        return true;
    }

    bool PushArgument(int number) => number <= arguments.Count && Push(arguments[number - 1]);

    bool StoreElement()
    {
        if (!_stack.TryPop(out var value) || !_stack.TryPop(out var at) || !_stack.TryPop(out var array)
            || at is not int index || array is not object?[] items || index < 0 || index >= items.Length)
            return false;
        items[index] = value;
        return true;
    }

    bool Call(EntityHandle method)
    {
        var (name, signature) = method.Kind switch
        {
            HandleKind.MethodDefinition => (metadata.GetMethodDefinition((MethodDefinitionHandle)method).Name, metadata.GetMethodDefinition((MethodDefinitionHandle)method).Signature),
            HandleKind.MemberReference => (metadata.GetMemberReference((MemberReferenceHandle)method).Name, metadata.GetMemberReference((MemberReferenceHandle)method).Signature),
            _ => default,
        };
        var text = name.IsNil ? "" : metadata.GetString(name);
        if (text == ".ctor" && BaseArguments is null && TryPop(ParameterCount(metadata, signature)) is { } given && PopsThis())
        {
            (BaseConstructor, BaseArguments) = (method, given);
            return true;
        }

        if (!text.StartsWith("set_", StringComparison.Ordinal) || TryPop(1) is not [var value] || !PopsThis())
            return false;
        Properties[text[4..]] = value;
        return true;
    }

    bool PopsThis() => _stack.TryPop(out var target) && ReferenceEquals(target, _this);

    object?[]? TryPop(int count)
    {
        if (_stack.Count < count)
            return null;
        var values = new object?[count];
        for (var i = count - 1; i >= 0; i--)
            values[i] = _stack.Pop();
        return values;
    }

    /// <summary>How many parameters a method has.</summary>
    public static int ParameterCount(MetadataReader metadata, BlobHandle signature)
    {
        var blob = metadata.GetBlobReader(signature);
        blob.ReadSignatureHeader();
        return blob.ReadCompressedInteger();
    }
}
