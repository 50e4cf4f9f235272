namespace JobRunner.Sandbox;

/// <summary>What a child does for its parent: load the application, run a job.</summary>
sealed class ChildTarget : IRpcTarget
{
    const int LargeBytes = 64 * 1024;

    JobPerformer? _performer;
    volatile bool _isRunning;

    public ParentLink Parent { get; set; } = null!;

    public ValueTask<RpcResult> OnRequestAsync(string method, RpcParams parameters, CancellationToken cancellationToken) => method switch
    {
        Wire.Run when _isRunning => throw new RpcException(RpcErrorCodes.InvalidRequest, "A job is running; there is one at a time."),
        Wire.Run when _performer is { } performer => Run(performer, parameters, cancellationToken),
        Wire.Run => throw new RpcException(RpcErrorCodes.InvalidRequest, "Nothing can run before 'initialize'."),
        Wire.Initialize when _performer is not null => throw new RpcException(RpcErrorCodes.InvalidRequest, "'initialize' comes once."),
        Wire.Initialize => Initialize(parameters.Read(WireJson.Default.InitializeParams)),
        _ => throw new RpcException(RpcErrorCodes.MethodNotFound, $"There is no method '{method}'."),
    };

    public void OnNotification(string method, RpcParams parameters)
    {
        // none is defined; unknown ones are ignored
    }

    ValueTask<RpcResult> Initialize(InitializeParams application)
    {
        _performer = JobServices.CreatePerformer(Application.Load(application), Parent);
        JobConsole.Install(Parent);
        return new(new RpcResult(new Done(), WireJson.Default.Done));
    }

    // Here and now, unless the message is a large one: it is held in memory until we return.
    ValueTask<RpcResult> Run(JobPerformer performer, RpcParams parameters, CancellationToken cancellationToken)
    {
        var job = parameters.Read(WireJson.Default.RunParams);
        _isRunning = true;
        return parameters.Length < LargeBytes
            ? RunAsync(performer, job, cancellationToken)
            : new(Task.Run(() => RunAsync(performer, job, cancellationToken).AsTask(), CancellationToken.None));
    }

    async ValueTask<RpcResult> RunAsync(JobPerformer performer, RunParams job, CancellationToken cancellationToken)
    {
        try
        {
            HeapLimit.Apply(job.MemoryLimit);
            Parent.BeginLog(job.LogLimit);
            using var progress = new ProgressSender(job.Progress, Parent, TimeProvider.System);
            var context = new SandboxJobContext(job, new JobLogger(Parent), progress, cancellationToken);
            var invocation = new Invocation(job.Type, job.Method, job.ParameterTypes, job.Arguments);
            var result = await performer.RunAsync(invocation, new JobCultures(job.Culture, job.UiCulture), context);
            RejectTooLarge(result);
            return new RpcResult(new RunResult(result), WireJson.Default.RunResult);
        }
        finally
        {
            _isRunning = false; // first, because the job may have left a console that throws
            JobConsole.EndLines();
        }
    }

    // Before it is written, which would take several times its size.
    static void RejectTooLarge(string? result)
    {
        if (result?.Length > FrameReader.DefaultMaxBytes)
            throw new RpcMessageTooLargeException(result.Length, FrameReader.DefaultMaxBytes);
    }
}
