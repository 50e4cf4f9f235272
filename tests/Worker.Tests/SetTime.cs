namespace JobRunner.Worker.Tests;

/// <summary>A clock that goes when a test says so.</summary>
sealed class SetTime : TimeProvider
{
    public TimeSpan Now { get; set; }

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch + Now;

    public override long GetTimestamp() => Now.Ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;
}
