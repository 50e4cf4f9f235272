using System.CommandLine;
using System.Diagnostics;
using System.Globalization;

namespace JobRunner.Benchmarks;

/// <summary>Processors that are taken while something is measured: threads of a process of its own that do nothing else.</summary>
/// <remarks>The process reads from us, and ends when we close that pipe or vanish in whatever way.</remarks>
sealed class BusyProcessors : IAsyncDisposable
{
    const string Verb = "burn";

    readonly Process _process;

    BusyProcessors(Process process) => _process = process;

    /// <param name="threads">How many threads, each of normal priority.</param>
    /// <returns>Null for none.</returns>
    public static BusyProcessors? Start(int threads) => threads == 0 ? null : new(Process.Start(
        new ProcessStartInfo("dotnet", [typeof(BusyProcessors).Assembly.Location, Verb, threads.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardInput = true,
        })!);

    /// <summary>What that process runs.</summary>
    public static Command Command()
    {
        var threads = new Argument<int>("threads");
        var command = new Command(Verb, "Keeps processors busy until its input ends") { threads };
        command.Hidden = true;
        command.SetAction(async (parsed, cancellationToken) =>
        {
            for (var i = 0; i < parsed.GetValue(threads); i++)
                new Thread(() => BenchJobs.Burn(int.MaxValue)) { IsBackground = true }.Start();
            await Console.In.ReadToEndAsync(cancellationToken);
        });
        return command;
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
