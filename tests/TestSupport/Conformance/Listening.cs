using System.Threading.Channels;
using JobRunner.Storage;
using Shouldly;
using Xunit;

namespace JobRunner.TestSupport;

public abstract partial class JobStoreConformance
{
    [Fact(Timeout = Limit)]
    public async Task Listeners_hear_of_new_jobs_and_of_running_ones_that_are_taken_away()
    {
        using var stop = new CancellationTokenSource();
        var signals = Channel.CreateUnbounded<StoreSignal>();
        var listening = Store.Queue.ListenAsync(signal => signals.Writer.TryWrite(signal), stop.Token);
        await HearAsync(signals.Reader, StoreSignalKind.Enqueued, () => AddAsync(Enqueued()));
        var job = await StartAsync((await ClaimAsync(1)).ShouldHaveSingleItem());

        await Store.Actions.DeleteAsync([job.JobId], null, default);

        await HearAsync(signals.Reader, StoreSignalKind.Withdrawn, () => Task.CompletedTask, job.JobId);
        await stop.CancelAsync();
        await listening;
    }

    [Fact(Timeout = Limit)]
    public async Task A_released_job_is_told()
    {
        using var stop = new CancellationTokenSource();
        var signals = Channel.CreateUnbounded<StoreSignal>();
        var listening = Store.Queue.ListenAsync(signal => signals.Writer.TryWrite(signal), stop.Token);
        await HearAsync(signals.Reader, StoreSignalKind.Enqueued, () => AddAsync(Enqueued()));
        var job = (await ClaimAsync(1)).ShouldHaveSingleItem();
        while (signals.Reader.TryRead(out _))
        {
        }

        await Store.Queue.ReleaseAsync([job.Claim], default);

        await HearAsync(signals.Reader, StoreSignalKind.Enqueued, () => Task.CompletedTask);
        await stop.CancelAsync();
        await listening;
    }

    [Fact(Timeout = Limit)]
    public async Task A_worker_calls_others()
    {
        using var stop = new CancellationTokenSource();
        var signals = Channel.CreateUnbounded<StoreSignal>();
        var listening = Store.Queue.ListenAsync(signal => signals.Writer.TryWrite(signal), stop.Token);
        await HearAsync(signals.Reader, StoreSignalKind.Enqueued, () => AddAsync(Enqueued()));

        await HearAsync(signals.Reader, StoreSignalKind.Enqueued, () => Store.Queue.CallAsync(3, default));

        await stop.CancelAsync();
        await listening;
    }

    // A listener may take a moment to connect, so what shall be heard is done until it is.
    static async Task HearAsync(ChannelReader<StoreSignal> signals, StoreSignalKind kind, Func<Task> act, long jobId = 0)
    {
        await act();
        await foreach (var signal in signals.ReadAllAsync())
        {
            if (signal.Kind == kind && (jobId == 0 || signal.JobId == jobId))
                return;
        }
    }
}
