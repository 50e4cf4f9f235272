using System.Globalization;
using JobRunner.Dashboard.Formats;
using JobRunner.Dashboard.Live;
using JobRunner.Storage;

namespace JobRunner.Dashboard.Details;

/// <summary>Lines of a job's log as pages show them, drawn on the server and live alike.</summary>
static class LogText
{
    const int MaxLength = 4000;

    public static LiveLine Line(JobLogLine line) => new(
        line.Id,
        line.At.UtcDateTime.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture),
        Durations.Exact(line.At),
        Level(line.Level),
        Cut.ToLength(line.Message, MaxLength));

    // The numbers of Microsoft.Extensions.Logging.LogLevel, with the short names that its console logger made familiar.
    static string Level(int level) => level switch
    {
        <= 0 => "trce",
        1 => "dbug",
        2 => "info",
        3 => "warn",
        4 => "fail",
        _ => "crit",
    };
}
