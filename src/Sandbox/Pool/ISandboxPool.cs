namespace JobRunner.Sandbox;

/// <summary>Sandboxes: child processes that run one job at a time each, can be killed, and are replaced when they die.</summary>
public interface ISandboxPool : IAsyncDisposable
{
    /// <summary>How calls and results are written.</summary>
    ArgumentSerializer Arguments { get; }

    /// <summary>The sandboxes that live now.</summary>
    IReadOnlyList<SandboxInfo> Sandboxes { get; }

    /// <summary>What bounds jobs that have no limits of their own, and what holds that on this machine: a line for people.</summary>
    string LimitsInForce { get; }

    /// <summary>Starts the minimum of sandboxes and waits until they are ready. Optional: the first calls start them too.</summary>
    /// <exception cref="SandboxStartException">None could be started.</exception>
    Task StartAsync(CancellationToken cancellationToken);

    /// <summary>Runs one call in a sandbox, waiting in line while all are busy. Never throws for what the job or the
    /// sandbox does: the end is data.</summary>
    /// <param name="call">The call and its circumstances.</param>
    /// <param name="cancellationToken">Asks the job to stop; one that has not ended when <see cref="SandboxOptions.CancelGrace"/>
    /// has passed is killed.</param>
    Task<SandboxEnd> RunAsync(SandboxCall call, CancellationToken cancellationToken);
}
