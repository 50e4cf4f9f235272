namespace JobRunner.TestSupport;

/// <summary>Measures time that a test lets pass.</summary>
public sealed class LaterTime : TimeProvider
{
    long _passed;

    public override long GetTimestamp() => System.GetTimestamp() + Interlocked.Read(ref _passed);

    public void Pass(TimeSpan time) => Interlocked.Add(ref _passed, (long)(time.TotalSeconds * TimestampFrequency));
}
