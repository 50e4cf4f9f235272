using System.Globalization;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace JobRunner;

/// <summary>What the data of state Awaiting means: where the job goes when its parent has ended. Reads what Hangfire writes at
/// any data compatibility level.</summary>
public static class AwaitingState
{
    const string EnqueuedType = "Hangfire.States.EnqueuedState";
    const string ScheduledType = "Hangfire.States.ScheduledState";
    const string HangfireAssembly = "Hangfire.Core";

    /// <summary>The JSON of a next state that is Enqueued in <paramref name="queue"/>.</summary>
    public static string NextEnqueued(string queue = QueueName.Default) => new JObject
    {
        ["$type"] = $"{EnqueuedType}, {HangfireAssembly}",
        ["Queue"] = QueueName.Require(queue),
    }.ToString(Formatting.None);

    /// <summary>The state that a waiting job enters now that its parent has ended: its next state if the end is the one that
    /// it waits for, Deleted if not, Failed if what is stored cannot be read.</summary>
    /// <param name="data">The data of its state Awaiting.</param>
    /// <param name="parentState">The state in which the parent ended, or null when the parent is gone: it has ended, but
    /// nobody knows how.</param>
    /// <param name="now">When.</param>
    public static JobState Release(IReadOnlyDictionary<string, string> data, string? parentState, DateTimeOffset now)
    {
        try
        {
            return Fits(OptionsOf(data), parentState)
                ? Next(data.GetValueOrDefault("NextState") ?? throw new FormatException("It has no next state."), now)
                : JobState.Deleted(now, StateReasons.ConditionNotMet);
        }
        catch (Exception e) when (e is FormatException or JsonException or ArgumentException or InvalidCastException)
        {
            return JobState.Failed(now, new(e.GetType().FullName!, e.Message, e.Message), null, StateReasons.ContinuationUnreadable);
        }
    }

    static bool Fits(ContinuationOptions options, string? parentState) => options == ContinuationOptions.OnAnyFinishedState
        || (parentState == JobStates.Succeeded && (options & ContinuationOptions.OnlyOnSucceededState) != 0)
        || (parentState == JobStates.Deleted && (options & ContinuationOptions.OnlyOnDeletedState) != 0);

    // A number since level 170, a name before. Hangfire leaves out what is 0 where it can.
    internal static ContinuationOptions OptionsOf(IReadOnlyDictionary<string, string> data) =>
        data.GetValueOrDefault("Options") is not { } text ? ContinuationOptions.OnAnyFinishedState
        : Enum.TryParse<ContinuationOptions>(text, out var options) ? options
        : throw new FormatException($"'{text}' is not an option of continuations.");

    static JobState Next(string json, DateTimeOffset now)
    {
        // Dates stay texts: they are read as Hangfire's dates are everywhere.
        using var reader = new JsonTextReader(new StringReader(json)) { DateParseHandling = DateParseHandling.None };
        var next = JObject.Load(reader);
        var type = (string?)next["$type"];
        var reason = (string?)next["Reason"];
        return type?.Split(',')[0].Trim() switch
        {
            EnqueuedType => JobState.Enqueued(QueueName.Require((string?)next["Queue"] ?? QueueName.Default), now, reason),
            ScheduledType => JobState.Scheduled(HangfireTime.Parse((string?)next["EnqueueAt"] ?? ""), now, reason),
            _ => throw new FormatException(string.Create(CultureInfo.InvariantCulture,
                $"The next state is '{type}'; a continuation can go to {EnqueuedType} or {ScheduledType}.")),
        };
    }
}
