namespace JobRunner.Sandbox;

/// <summary>How many sandboxes there are, and what bounds them.</summary>
public sealed class SandboxOptions
{
    /// <summary>How many are kept ready when there is nothing to do. Default 1; 0 starts the first one with the first job.</summary>
    public int Minimum { get; set; } = 1;

    /// <summary>How many may live at once, which is how many jobs run at once. Default: the number of processors.</summary>
    public int Maximum { get; set; } = System.Environment.ProcessorCount;

    /// <summary>How long a job may run that has no limit of its own; then its sandbox is killed. Default 30 minutes.</summary>
    public TimeSpan TimeLimit { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>How long a sandbox may take to become ready. Default 15 seconds.</summary>
    public TimeSpan StartTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a cancelled job may take to end before its sandbox is killed. Default 5 seconds.</summary>
    public TimeSpan CancelGrace { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a sandbox above the minimum may be idle before it is ended. Default 1 minute.</summary>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Environment variables for the sandboxes. They get a few harmless ones of the worker (path, home, language,
    /// time zone, .NET's own), and never the rest, where passwords may be. Empty by default.</summary>
    public IDictionary<string, string> Environment { get; } = new Dictionary<string, string>(StringComparer.Ordinal);
}
