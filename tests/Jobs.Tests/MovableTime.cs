namespace JobRunner.Jobs.Tests;

/// <summary>A clock that a test sets ahead.</summary>
sealed class MovableTime : TimeProvider
{
    public TimeSpan Offset { get; set; }

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Offset;
}
