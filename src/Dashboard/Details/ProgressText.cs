using System.Globalization;
using JobRunner.Dashboard.Live;
using JobRunner.Storage;

namespace JobRunner.Dashboard.Details;

/// <summary>How far a job is, as pages show it, drawn on the server and live alike.</summary>
static class ProgressText
{
    public static LiveProgress Of(JobProgress progress)
    {
        var fraction = double.IsFinite(progress.Fraction) ? Math.Clamp(progress.Fraction, 0, 1) : 0;
        return new(fraction, string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(fraction * 100):0} %"), progress.Message ?? "");
    }
}
