using JobRunner.Storage;

namespace JobRunner.Worker;

/// <summary>
/// This worker's share of what one worker would do alone: how often it looks, whether a call for new jobs means it, and whose turn
/// it is to do what is done for all. Together the workers of a store look, claim in vain, and clean up about as often as twenty, two
/// and two of them would, however many there are.
/// </summary>
/// <remarks>All counts are as of the last look, and workers may differ in them for a while. So more are called than needed, and who
/// is called follows from a place on a circle, where one worker more or less moves the others a little. Thread-safe.</remarks>
sealed class Fleet(TimeProvider time, Random? random = null)
{
    // Who is called besides those that are needed: the first may be dead, full, or count otherwise.
    const int Spare = 1;

    // What one claim takes without an effort. More workers are called for more.
    const int JobsOfWorker = 50;

    // Looks are that far from one another in a fleet whose intervals would add up to less.
    static readonly TimeSpan _share = TimeSpan.FromMilliseconds(25);

    readonly Random _random = random ?? Random.Shared;
    volatile Place _place = new(1, 0);

    /// <summary>How many workers serve the queues of this one, itself among them.</summary>
    public int Size => _place.Size;

    /// <summary>For how many jobs to call where some wait that this worker has no use for: a twentieth of the fleet comes.</summary>
    public int JobsForOthers => Math.Max(1, (Size / 20) - Spare) * JobsOfWorker;

    /// <summary>Notes what a look has told.</summary>
    public void See(FleetPlace place) => _place = new(Math.Max(1, place.Size), place.Rank);

    /// <summary>The pause until this worker's next look: as it is when the worker is alone, and otherwise scattered about what makes up
    /// its share, so that nobody looks in step.</summary>
    public TimeSpan UntilLook(TimeSpan interval) =>
        Size == 1 ? interval : Longer(interval, Size * _share) * (0.5 + _random.NextDouble());

    /// <summary>True when this one is among the few that act on what all of them see.</summary>
    public bool IsDrawn() => Size * _random.NextDouble() < 2 + Spare;

    /// <summary>True when this worker is meant by a signal that jobs are waiting.</summary>
    public bool IsCalled(StoreSignal signal) =>
        signal.Jobs == 0 || IsAmong(signal.Number, Spare + ((signal.Jobs - 1) / JobsOfWorker) + 1L);

    /// <summary>True when it is this worker's turn at something that is done once in an interval.</summary>
    /// <remarks>Each interval has a number, and the next one is far from it on the circle, so that neighbours who died together hold
    /// up one turn only.</remarks>
    public bool HasTurn(TimeSpan interval)
    {
        var turn = time.GetUtcNow().UtcTicks / Math.Max(1, interval.Ticks);
        return IsAmong(unchecked((uint)turn * 2654435769u), Spare + 1);
    }

    // Those whose places on the circle follow the number.
    bool IsAmong(uint number, long count)
    {
        var (size, rank) = _place;
        var first = (int)(((ulong)number * (uint)size) >> 32);
        return (rank - first + size) % size < count;
    }

    static TimeSpan Longer(TimeSpan a, TimeSpan b) => a > b ? a : b;

    sealed record Place(int Size, int Rank);
}
