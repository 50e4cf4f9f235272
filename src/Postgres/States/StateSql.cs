namespace JobRunner.Postgres;

/// <summary>The lists of states that <see cref="JobStates"/> knows, for statements.</summary>
static class StateSql
{
    /// <summary>As <see cref="JobStates.CanBeTaken"/> says.</summary>
    public const string CanBeTaken = $"('{JobStates.Enqueued}', '{JobStates.Scheduled}', '{JobStates.Processing}')";

    /// <summary>As <see cref="JobStates.HasEnded"/> says.</summary>
    public const string HasEnded = $"('{JobStates.Succeeded}', '{JobStates.Failed}', '{JobStates.Deleted}')";

    /// <summary>As <see cref="JobStates.IsFinal"/> says.</summary>
    public const string Final = $"('{JobStates.Succeeded}', '{JobStates.Deleted}')";
}
