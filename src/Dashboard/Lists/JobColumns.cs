namespace JobRunner.Dashboard.Lists;

/// <summary>The columns that only the lists of one state have; <c>JobCells</c> fills them.</summary>
static class JobColumns
{
    public static IReadOnlyList<string> Of(string state) => state switch
    {
        JobStates.Enqueued => ["Queue", "Waiting since"],
        JobStates.Scheduled => ["Due", "Why"],
        JobStates.Awaiting => ["Waits for", "Since"],
        JobStates.Processing => ["Server", "Started"],
        JobStates.Succeeded => ["Ran for", "Ended"],
        JobStates.Failed => ["Error", "Failed"],
        _ => ["Why", "Deleted"],
    };
}
