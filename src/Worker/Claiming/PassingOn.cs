using JobRunner.Storage;

namespace JobRunner.Worker;

/// <summary>
/// Calls other workers for jobs that this one has seen and has no use for: it is full, or does not know their types. A signal reaches few
/// workers of a fleet, and they may be the wrong ones.
/// </summary>
/// <remarks>Only who has seen jobs itself calls, by a look or by a claim that ended with the room and not with the jobs. Who was called does not
/// call in turn, so jobs that nobody has use for cost no more than the looks that find them. Used by the claimer alone.</remarks>
sealed class PassingOn(IWorkQueue queue, Fleet fleet, TimeProvider time)
{
    static readonly TimeSpan _leastPause = TimeSpan.FromMilliseconds(250);

    bool _saw;
    bool _left;
    long? _calledAt;

    /// <summary>Jobs are waiting.</summary>
    public void Saw() => _saw = true;

    /// <summary>A claim was told to leave jobs of some methods.</summary>
    public void Left() => _left = true;

    /// <summary>Calls the others, if there is reason to.</summary>
    /// <param name="mayWait">True when jobs may wait for room here.</param>
    public async Task RoundEndedAsync(bool mayWait)
    {
        var calls = _saw && (mayWait || _left) && fleet.Size > 1 && !(_calledAt is { } at && time.GetElapsedTime(at) < _leastPause);
        (_saw, _left) = (false, false);
        if (!calls)
            return;
        _calledAt = time.GetTimestamp();
        await queue.CallAsync(fleet.JobsForOthers, CancellationToken.None);
    }
}
