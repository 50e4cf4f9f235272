using Hangfire;
using JobRunner;

namespace Shop.Legacy;

/// <summary>Jobs with Hangfire's attributes.</summary>
[AutomaticRetry(Attempts = 4, DelaysInSeconds = [3, 5])]
[Hangfire.Queue("reports")]
public class LegacyJobs
{
    public static Task<string> EchoAsync(string text) => Task.FromResult(text);

    [AutomaticRetry(Attempts = 0, OnAttemptsExceeded = AttemptsExceededAction.Delete, LogEvents = false)]
    [Hangfire.Queue("mail-{0}")]
    [Hangfire.JobDisplayName("Mail to {0}, {1:00}")]
    [Hangfire.DisableConcurrentExecution("Mail-{0}", 30)]
    public virtual Task MailAsync(string region, int number) => throw new InvalidOperationException($"{region} {number} does not answer");

    [AutomaticRetry(OnlyOn = [typeof(IOException), typeof(LegacyException)], ExceptOn = [typeof(FileNotFoundException)])]
    [Hangfire.DisableConcurrentExecution(60)]
    public static void Import(bool found) => throw (found ? new DirectoryNotFoundException("no directory") : new FileNotFoundException("no file"));

    [Retry(Attempts = 2)]
    [AutomaticRetry(Attempts = 7)]
    [Sandboxed(TimeLimit = "30s")]
    public static Task BothAsync() => Task.CompletedTask;
}

public sealed class LegacyException : Exception;

/// <summary>A type that cannot be loaded where Hangfire is absent.</summary>
public sealed class LegacyFilterAttribute : JobFilterAttribute;

/// <summary>Takes what only Hangfire's server can give, in some of its methods.</summary>
public class ContextJobs
{
    public static Task<int> PlainAsync() => Task.FromResult(7);

    public static Task WithContextAsync(Hangfire.Server.PerformContext? context) => Task.FromResult(context);

    public static void WithToken(IJobCancellationToken token) => ArgumentNullException.ThrowIfNull(token);
}

/// <summary>Found although a type beside it cannot be loaded.</summary>
public sealed class LegacyModule : IJobModule
{
    public void ConfigureServices(Microsoft.Extensions.DependencyInjection.IServiceCollection services)
    {
    }
}

/// <summary>Overrides without attributes of its own.</summary>
public sealed class DerivedLegacyJobs : LegacyJobs
{
    public override Task MailAsync(string region, int number) => Task.CompletedTask;
}

[AutomaticRetry(Attempts = 1)]
public interface ILegacyJobs
{
    void Run();
}

public sealed class ImplementedLegacyJobs : ILegacyJobs
{
    public void Run()
    {
    }
}

/// <summary>Attributes that derive from Hangfire's, as applications make them to say something once.</summary>
public sealed class OneAtATimeAttribute() : Hangfire.DisableConcurrentExecutionAttribute("One-{0}", 90);

public class PatientAttribute(int minutes, int seconds) : Hangfire.DisableConcurrentExecutionAttribute(seconds)
{
    public int Minutes { get; } = minutes;
}

public sealed class VeryPatientAttribute() : PatientAttribute(10, 600);

public sealed class FewRetriesAttribute : AutomaticRetryAttribute
{
    public FewRetriesAttribute()
    {
        Attempts = 2;
        DelaysInSeconds = [7, 9];
        OnAttemptsExceeded = AttemptsExceededAction.Delete;
    }
}

public sealed class OnReportsAttribute() : Hangfire.QueueAttribute("reports-{0}");

public sealed class NamedAttribute(string what) : Hangfire.JobDisplayNameAttribute(what);

public class DerivedAttributeJobs
{
    [OneAtATime]
    [FewRetries]
    [OnReports]
    [Named("Report {0}")]
    public static Task ReportAsync(string region) => Task.FromResult(region);

    [VeryPatient]
    [FewRetries(Attempts = 3)]
    public static Task WaitAsync() => Task.CompletedTask;
}
