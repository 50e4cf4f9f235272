using System.Security.Cryptography;
using System.Text;

namespace JobRunner.Sandbox;

/// <summary>What a child may ask of its parent: to be let in, and to pass on what its job tells.</summary>
sealed class ParentTarget(string token) : IRpcTarget
{
    readonly TaskCompletionSource _greeted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    volatile SandboxRun? _run;

    /// <summary>Ends when the child has shown its token; fails when it showed a wrong one or is of another version.</summary>
    public Task Greeted => _greeted.Task;

    /// <summary>The run that messages belong to.</summary>
    public SandboxRun? Run { set => _run = value; }

    public ValueTask<RpcResult> OnRequestAsync(string method, RpcParams parameters, CancellationToken cancellationToken)
    {
        if (method != Wire.Hello)
            throw new RpcException(RpcErrorCodes.MethodNotFound, $"There is no method '{method}'.");
        var refused = Refusal(parameters.Read(WireJson.Default.HelloParams));
        if (refused is null)
        {
            _greeted.TrySetResult();
            return default;
        }

        _greeted.TrySetException(new SandboxStartException(refused));
        throw new RpcException(RpcErrorCodes.InvalidRequest, refused);
    }

    public void OnNotification(string method, RpcParams parameters)
    {
        if (_run is not { } run)
            return; // it belongs to a job that has ended
        if (method == Wire.Log && parameters.Read(WireJson.Default.LogParams) is var line)
            run.Log.OnLog(line.Level, line.Message);
        else if (method == RpcMessages.Progress)
            run.Log.OnProgress(parameters.Read(WireJson.Default.ProgressParams).Value);
    }

    string? Refusal(HelloParams hello)
    {
        if (!CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(hello.Token), Encoding.UTF8.GetBytes(token)))
            return "The sandbox's first message has the wrong token.";
        return hello.Version == Wire.Version
            ? null
            : $"The sandbox speaks version {hello.Version} of the protocol, the worker version {Wire.Version}: their releases differ.";
    }
}
