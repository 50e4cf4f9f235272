namespace JobRunner.Dashboard.Details;

/// <summary>What a page says after a button was pressed. It travels in the address as one of these words, never as a text.</summary>
static class ActionResult
{
    public const string Requeued = "requeued";
    public const string Deleted = "deleted";
    const string Nothing = "nothing";

    public static string Query(int changed, string done) => $"?done={(changed > 0 ? done : Nothing)}";

    public static string? Tell(string? done, long id) => done switch
    {
        Requeued => $"Job #{id} was put back into its queue.",
        Deleted => $"Job #{id} was deleted.",
        Nothing => $"Nothing was changed: somebody was faster with job #{id}.",
        _ => null,
    };
}
