namespace JobRunner.Worker;

/// <summary>Where a claimed job can go: a lane, or the line of those that wait for a resource.</summary>
interface IPlace
{
    /// <summary>Its name, which queues of jobs that were moved aside end with.</summary>
    string Name { get; }

    /// <summary>How many more jobs it wants.</summary>
    int Room { get; }

    /// <summary>Takes away what never began and will not soon.</summary>
    IReadOnlyList<Execution> TakeExcess();
}
