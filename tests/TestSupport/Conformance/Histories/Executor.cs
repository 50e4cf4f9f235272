namespace JobRunner.TestSupport;

/// <summary>Somebody who claims jobs and runs them. It knows only what it was told.</summary>
sealed class Executor(string name)
{
    int _lives = 1;

    public string Server => $"{Storage.ServerInfo.NamePrefix}{name}:{_lives}:0";

    /// <summary>What it believes to hold.</summary>
    public List<ModelClaim> Claims { get; } = [];

    /// <summary>What it wrote last, to be repeated word for word.</summary>
    public IReadOnlyList<ModelChange> Last { get; private set; } = [];

    /// <summary>True while the answer to that is missing: it does nothing else until it has one.</summary>
    public bool IsUnanswered { get; private set; }

    public void Write(IReadOnlyList<ModelChange> changes) => (Last, IsUnanswered) = (changes, true);

    /// <summary>Takes the answer to its last write. Of one that was answered before it takes no notice.</summary>
    /// <param name="current">For each change the job's current state, or null when it did not take.</param>
    public void Answer(IReadOnlyList<ModelState?> current)
    {
        if (!IsUnanswered)
            return;
        IsUnanswered = false;
        foreach (var (i, change) in Last.Index())
        {
            if (change.Ends)
                Claims.Remove(change.Claim);
            else if (current[i] is { } state)
                (change.Claim.Seen, change.Claim.IsMarked) = (state, true);
        }
    }

    /// <summary>Forgets all. Who comes after it has another name.</summary>
    public void Die()
    {
        Claims.Clear();
        (Last, IsUnanswered) = ([], false);
        _lives++;
    }

    public override string ToString() => $"{name}{_lives}";
}
