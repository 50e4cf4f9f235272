using System.Globalization;
using System.Security.Cryptography;
using JobRunner.Storage;

namespace JobRunner.Postgres;

/// <summary>The notification that tells workers of new jobs. Hangfire's servers hear it on the same channel, and do not read what it says;
/// its clients and older ones of ours say nothing in it.</summary>
static class NewJobSignal
{
    public const string Channel = "new_job";

    /// <summary>What a statement selects to send it, from one row with the column <c>jobs</c>. It says a random number and how many jobs there
    /// are: <c>2463534242:1</c>.</summary>
    public const string SendSql = "count(pg_notify('new_job', trunc(random() * 4294967296)::bigint || ':' || jobs))";

    // Silent ones tell of one job, mostly. Their listeners draw for themselves, so it may be that none feels called; with so many it is rare.
    const int JobsOfSilent = 100;

    public static StoreSignal Read(string payload) => new(StoreSignalKind.Enqueued)
    {
        Number = Parts(payload) is [var number, _] && uint.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var drawn)
            ? drawn : BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(4)),
        Jobs = Parts(payload) is [_, var jobs] && int.TryParse(jobs, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0
            ? count : JobsOfSilent,
    };

    static string[] Parts(string payload) => payload.Split(':');
}
