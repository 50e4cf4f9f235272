namespace Hangfire;

public enum AttemptsExceededAction
{
    Fail,
    Delete,
}

public abstract class JobFilterAttribute : Attribute
{
    public int Order { get; set; } = -1;
}

[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class | AttributeTargets.Interface)]
public class AutomaticRetryAttribute : JobFilterAttribute
{
    public int Attempts { get; set; } = 10;

    public int[]? DelaysInSeconds { get; set; }

    public AttemptsExceededAction OnAttemptsExceeded { get; set; }

    public bool LogEvents { get; set; } = true;

    public Type[]? OnlyOn { get; set; }

    public Type[]? ExceptOn { get; set; }
}

[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class | AttributeTargets.Interface)]
public class QueueAttribute(string queue) : JobFilterAttribute
{
    public string Queue => queue;
}

[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class | AttributeTargets.Interface)]
public class DisableConcurrentExecutionAttribute(string? resource, int timeoutSec) : JobFilterAttribute
{
    public DisableConcurrentExecutionAttribute(int timeoutInSeconds) : this(null, timeoutInSeconds)
    {
    }

    public string? Resource => resource;

    public int TimeoutSec => timeoutSec;
}

[AttributeUsage(AttributeTargets.Method)]
public class JobDisplayNameAttribute(string displayName) : Attribute
{
    public string DisplayName => displayName;

    public Type? ResourceType { get; set; }
}

public interface IJobCancellationToken
{
    CancellationToken ShutdownToken { get; }
}
