namespace JobRunner.Sandbox.Tests;

static class FrameReading
{
    /// <summary>Waits for the next message; null at the end.</summary>
    public static ReadOnlyMemory<byte>? Read(this FrameReader reader)
    {
        do
        {
            if (reader.TryTake() is { } message)
                return message;
        }
        while (reader.Fill());
        return null;
    }
}
