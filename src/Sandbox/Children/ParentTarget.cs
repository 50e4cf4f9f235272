using System.Security.Cryptography;
using System.Text;

namespace JobRunner.Sandbox;

/// <summary>What a child may ask of its parent: to be let in, and to pass on what its job tells.</summary>
sealed class ParentTarget(string token) : IRpcTarget
{
    readonly TaskCompletionSource _greeted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    volatile SandboxRun? _run;
    bool _hasGreeted;

    /// <summary>Ends when the child has shown its token and has been answered, because nothing may come before that answer; fails
    /// when it showed a wrong one or is of another version.</summary>
    public Task Greeted => _greeted.Task;

    /// <summary>The run that messages belong to.</summary>
    public SandboxRun? Run { set => _run = value; }

    public ValueTask<RpcResult> OnRequestAsync(string method, RpcParams parameters, CancellationToken cancellationToken)
    {
        if (method != Wire.Hello)
            throw new RpcException(RpcErrorCodes.MethodNotFound, $"There is no method '{method}'.");
        if (_hasGreeted)
            throw new RpcException(RpcErrorCodes.InvalidRequest, "'hello' comes once.");
        _hasGreeted = true;
        try
        {
            Check(parameters.Read(WireJson.Default.HelloParams));
        }
        catch (RpcException e)
        {
            _greeted.TrySetException(new SandboxStartException(e.Message));
            throw;
        }

        return new(new RpcResult(null, null, Sent: () => _greeted.TrySetResult()));
    }

    public void OnNotification(string method, RpcParams parameters)
    {
        if (_run is not { } run)
            return; // it belongs to a job that has ended
        if (method == Wire.Log && parameters.Read(WireJson.Default.LogParams) is var line)
            run.Log.OnLog(line.Level, line.Message);
        else if (method == RpcMessages.Progress && parameters.Read(WireJson.Default.ProgressParams) is var progress && progress.Token == run.Token)
            run.Log.OnProgress(progress.Value);
    }

    void Check(HelloParams hello)
    {
        if (!CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(hello.Token), Encoding.UTF8.GetBytes(token)))
            throw new RpcException(RpcErrorCodes.InvalidRequest, "The sandbox's first message has the wrong token.");
        if (hello.Version != Wire.Version)
            throw new RpcException(RpcErrorCodes.InvalidRequest,
                $"The sandbox speaks version {hello.Version} of the protocol, the worker version {Wire.Version}: their releases differ.");
    }
}
