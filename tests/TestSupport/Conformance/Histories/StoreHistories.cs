using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using JobRunner.Storage;
using Xunit;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace JobRunner.TestSupport;

/// <summary>
/// Random histories of several executors, with faults between any two steps, on a store and on a model of it. Each store's test
/// project derives from this once. A history that a store does not live as the model does is shrunk and told;
/// <c>JOBRUNNER_HISTORY_SEED</c> names another seed than 1, or <c>random</c>, and <c>JOBRUNNER_HISTORIES</c> says how many there are.
/// </summary>
public abstract class StoreHistories(ITestOutputHelper output)
{
    /// <summary>How many histories are tried; some seconds' worth.</summary>
    protected abstract int Count { get; }

    /// <summary>The time as the store sees it.</summary>
    protected abstract DateTimeOffset Now { get; }

    /// <summary>An empty store.</summary>
    protected abstract Task<IJobStore> CreateAsync();

    /// <summary>Makes all that is stored older by <paramref name="time"/>.</summary>
    protected abstract Task PassTimeAsync(TimeSpan time);

    [Fact(Timeout = 600_000)]
    public Task A_store_does_what_the_model_does_in_every_history() => Task.Run(() =>
    {
        var named = Environment.GetEnvironmentVariable("JOBRUNNER_HISTORY_SEED");
        var seed = ulong.TryParse(named, CultureInfo.InvariantCulture, out var given) ? given : named == "random" ? (ulong)Random.Shared.NextInt64() : 1;
        var count = int.TryParse(Environment.GetEnvironmentVariable("JOBRUNNER_HISTORIES"), CultureInfo.InvariantCulture, out var many) ? many : Count;
        output.WriteLine($"{count} histories of seed {seed}");
        var shortest = "";
        try
        {
            // An odd gamma, as the generator wants it.
            Check.One(Config.QuickThrowOnFailure.WithMaxTest(count).WithQuietOnSuccess(true).WithReplay(seed, seed | 1),
                Prop.ForAll(Step.Histories(), steps => Fault(steps) is not { } fault || (shortest = fault).Length == 0));
        }
        catch (Exception) when (shortest.Length > 0)
        {
            throw new XunitException($"{shortest}\nJOBRUNNER_HISTORY_SEED={seed} JOBRUNNER_HISTORIES={count} repeats it.");
        }
    });

    string? Fault(Step[] steps)
    {
        var store = CreateAsync().GetAwaiter().GetResult();
        var history = new History(store, PassTimeAsync, () => Now);
        try
        {
            store.InitializeAsync(default).GetAwaiter().GetResult();
            history.RunAsync(steps).GetAwaiter().GetResult();
            return null;
        }
        catch (Exception e)
        {
            return $"{(e is HistoryException ? e.Message : e.ToString())}\n{history.Told}";
        }
        finally
        {
            (store as IAsyncDisposable)?.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }
}
