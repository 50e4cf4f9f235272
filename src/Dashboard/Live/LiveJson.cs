using System.Text.Json.Serialization;
using JobRunner.Dashboard.Formats;
using JobRunner.Storage;

namespace JobRunner.Dashboard.Live;

/// <summary>The numbers of the overview. The keys of states are their names; where a number is an estimate or a bound, its text is what to show.</summary>
sealed record LiveCounts(
    IReadOnlyDictionary<string, long> States, long Retries, int Servers, long Waiting, IReadOnlyDictionary<string, string> Texts)
{
    public static LiveCounts Of(StoreCounts counts) =>
        new(counts.ByState, counts.Retries, counts.Servers, counts.Waiting, CountTexts.Inexact(counts));
}

/// <summary>How far a job is: the fraction from 0 to 1, and the words for it.</summary>
sealed record LiveProgress(double Fraction, string Percent, string Message);

/// <summary>One line of a job's log, ready to show.</summary>
sealed record LiveLine(long Id, string Time, string Title, string Level, string Text);

/// <summary>The wire format of the live events.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(LiveCounts))]
[JsonSerializable(typeof(LiveProgress))]
[JsonSerializable(typeof(LiveLine[]))]
sealed partial class LiveJson : JsonSerializerContext;
