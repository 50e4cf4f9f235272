using JobRunner.Storage;

namespace JobRunner.Worker;

/// <summary>Something to write for an execution: its outcome, or the mark that says Processing.</summary>
/// <remarks>The change is made once, so that a write whose answer was lost is repeated word for word.</remarks>
sealed class Write(Execution execution, Outcome? outcome)
{
    public Execution Execution => execution;

    /// <summary>How it ended; null for a mark.</summary>
    public Outcome? Outcome => outcome;

    /// <summary>What is to be changed, once that is made out; null for an outcome that changes no state.</summary>
    public StateChange? Change { get; set; }

    /// <summary>True when <see cref="Change"/> has been made out.</summary>
    public bool IsMadeOut { get; set; }

    /// <summary>True while its weight counts among those that wait or are written.</summary>
    public bool HasPlace { get; set; }

    /// <summary>Roughly how many characters it carries.</summary>
    public long Weight => outcome switch
    {
        Outcome.Succeeded succeeded => succeeded.Result?.Length ?? 0,
        Outcome.Failed failed => failed.Exception.Details.Length + failed.Exception.Message.Length,
        _ => 0,
    };
}
