using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;

namespace JobRunner.Dashboard.Live;

/// <summary>Looks once: adds what is new, and tells how long to wait until the next look.</summary>
delegate Task<TimeSpan> Look(List<SseItem<string>> news, CancellationToken cancellationToken);

/// <summary>
/// Turns looks into a stream of events. It looks while its page is connected, and ends when the page goes or the application
/// stops. When the store does not answer it says so once, and again when it does.
/// </summary>
sealed partial class LiveStream(CountsFeed counts, JobFeed jobs, TimeProvider time, IHostApplicationLifetime lifetime, ILogger<LiveStream> logger)
{
    static readonly TimeSpan _second = TimeSpan.FromSeconds(1);

    // Often enough that proxies keep the connection, and that the page's "12 s ago" does not grow stale.
    static readonly TimeSpan _silence = TimeSpan.FromSeconds(15);

    /// <summary>The numbers, whenever one has changed.</summary>
    public IAsyncEnumerable<SseItem<string>> CountsAsync(CancellationToken gone)
    {
        var version = 0L;
        return RepeatAsync(async (news, token) =>
        {
            version = await LookAtCountsAsync(version, news, token);
            return _second;
        }, gone);
    }

    /// <summary>The numbers, and all that happens to one job.</summary>
    public IAsyncEnumerable<SseItem<string>> JobAsync(long jobId, JobSeen seen, CancellationToken gone)
    {
        var version = 0L;
        return RepeatAsync(async (news, token) =>
        {
            version = await LookAtCountsAsync(version, news, token);
            return await jobs.LookAsync(jobId, seen, news, token);
        }, gone);
    }

    async Task<long> LookAtCountsAsync(long version, List<SseItem<string>> news, CancellationToken cancellationToken)
    {
        var snapshot = await counts.ReadAsync(cancellationToken);
        if (snapshot.Version != version)
            news.Add(new(snapshot.Json, "counts"));
        return snapshot.Version;
    }

    async IAsyncEnumerable<SseItem<string>> RepeatAsync(Look look, [EnumeratorCancellation] CancellationToken gone)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(gone, lifetime.ApplicationStopping);
        var isDown = false;
        var spokeAt = time.GetTimestamp();
        while (!ended.IsCancellationRequested)
        {
            var news = new List<SseItem<string>>();
            var pause = await TryAsync(look, news, ended.Token);
            if (pause is null != isDown)
            {
                isDown = !isDown;
                news.Add(new(isDown ? "down" : "up", "store"));
            }

            if (news.Count == 0 && time.GetElapsedTime(spokeAt) >= _silence)
                news.Add(new("", "tick"));
            if (news.Count > 0)
                spokeAt = time.GetTimestamp();
            foreach (var item in news)
                yield return item;
            await Task.Delay(pause ?? _second, time, ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // Null when the store did not answer.
    async Task<TimeSpan?> TryAsync(Look look, List<SseItem<string>> news, CancellationToken cancellationToken)
    {
        try
        {
            return await look(news, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return _second; // The page has gone: there is nobody to tell.
        }
        catch (Exception e)
        {
            LogTrouble(e);
            return null;
        }
    }

    [LoggerMessage(10, LogLevel.Debug, "An open page gets no news: the store does not answer")]
    partial void LogTrouble(Exception exception);
}
