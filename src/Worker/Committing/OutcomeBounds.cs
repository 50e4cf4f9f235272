using System.Globalization;
using Newtonsoft.Json;

namespace JobRunner.Worker;

/// <summary>How long what a job leaves may be. What is longer is replaced or cut, and says so.</summary>
static class OutcomeBounds
{
    /// <summary>The longest result, in characters of JSON.</summary>
    public const int MaxResult = 64 * 1024 * 1024;

    /// <summary>The outcome, within the bounds.</summary>
    public static Outcome Apply(Outcome outcome) => outcome switch
    {
        // The job has done its work: that its result cannot be kept must not make it run again.
        Outcome.Succeeded { Result.Length: > MaxResult } succeeded => succeeded with
        {
            Result = JsonConvert.ToString(string.Create(CultureInfo.InvariantCulture,
                $"The result has {succeeded.Result!.Length:N0} characters of JSON, and at most {MaxResult:N0} are stored. Store it elsewhere, and return where it is.")),
        },
        _ => outcome,
    };
}
