using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Diagnostics.Runtime;

namespace JobRunner.Sandbox;

/// <summary>Reads a process that is in a process namespace of its own: its runtime knows its threads by other numbers than we do.</summary>
sealed class NamespaceReader(IDataReader reader, Dictionary<uint, uint> threads) : IDataReader
{
    public string DisplayName => reader.DisplayName;

    public bool IsThreadSafe => reader.IsThreadSafe;

    public OSPlatform TargetPlatform => reader.TargetPlatform;

    public Architecture Architecture => reader.Architecture;

    public int ProcessId => reader.ProcessId;

    public int PointerSize => reader.PointerSize;

    /// <summary>A reader of the same process, or a null for one that is in our own namespace.</summary>
    public static NamespaceReader? Of(IDataReader reader)
    {
        var threads = new Dictionary<uint, uint>();
        foreach (var directory in Directory.EnumerateDirectories($"/proc/{reader.ProcessId}/task"))
        {
            var ids = File.ReadLines($"{directory}/status").First(line => line.StartsWith("NSpid:", StringComparison.Ordinal)).Split('\t');
            threads[Number(ids[^1])] = Number(ids[1]);
        }

        return threads.Any(thread => thread.Key != thread.Value) ? new(reader, threads) : null;
    }

    public bool GetThreadContext(uint threadID, uint contextFlags, Span<byte> context) =>
        reader.GetThreadContext(threads.GetValueOrDefault(threadID, threadID), contextFlags, context);

    public IEnumerable<ModuleInfo> EnumerateModules() => reader.EnumerateModules();

    public void FlushCachedData() => reader.FlushCachedData();

    public int Read(ulong address, Span<byte> buffer) => reader.Read(address, buffer);

    public bool Read<T>(ulong address, out T value)
        where T : unmanaged => reader.Read(address, out value);

    public T Read<T>(ulong address)
        where T : unmanaged => reader.Read<T>(address);

    public bool ReadPointer(ulong address, out ulong value) => reader.ReadPointer(address, out value);

    public ulong ReadPointer(ulong address) => reader.ReadPointer(address);

    static uint Number(string text) => uint.Parse(text, CultureInfo.InvariantCulture);
}
