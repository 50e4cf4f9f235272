namespace JobRunner.Worker;

/// <summary>Where a claimed job can go: a lane, or the line of those that wait for a resource.</summary>
interface IPlace
{
    /// <summary>Its name, in one word.</summary>
    string Name { get; }

    /// <summary>How many more jobs it wants.</summary>
    int Room { get; }

    /// <summary>True while it has refused jobs that it has no room for, although it has room for others.</summary>
    bool IsCrowded => false;

    /// <summary>True once after it has got room again for jobs that it refused.</summary>
    bool TakesAgain() => false;

    /// <summary>How many jobs have left it again.</summary>
    long Ended { get; }

    /// <summary>Takes away what never began and will not soon.</summary>
    /// <param name="worthKeeping">How many jobs may wait in its line in any case.</param>
    IReadOnlyList<Execution> TakeExcess(int worthKeeping);
}
