using System.Threading.Channels;
using JobRunner.Storage;
using JobRunner.TestSupport;

namespace JobRunner.Postgres.Tests;

public sealed class ServerRestartTests
{
    [Fact(Timeout = 120_000)]
    public async Task A_store_outlives_a_restart_of_its_server()
    {
        await using var server = await PostgresServer.StartAsync(durable: false);
        if (!server.IsPrivate)
            return; // somebody else's server is not ours to restart
        await using var store = TestStore.Open(await server.CreateDatabaseAsync());
        await store.InitializeAsync(default);
        using var stop = new CancellationTokenSource();
        var signals = Channel.CreateUnbounded<StoreSignal>();
        var listening = store.Queue.ListenAsync(signal => signals.Writer.TryWrite(signal), stop.Token);
        (await signals.Reader.ReadAsync()).Kind.ShouldBe(StoreSignalKind.Enqueued);

        await server.StopAsync();
        await Should.ThrowAsync<Npgsql.NpgsqlException>(() => store.Reader.CountAsync(default));
        await server.StartAgainAsync();

        (await signals.Reader.ReadAsync()).ShouldBe(new StoreSignal(StoreSignalKind.Enqueued), "it looks once after the gap");
        var at = TimeProvider.System.GetUtcNow();
        await store.Actions.AddAsync([new NewJob(new Invocation("T, A", "M", [], []), JobState.Enqueued("default", at), new Dictionary<string, string?>())], default);
        (await signals.Reader.ReadAsync()).Kind.ShouldBe(StoreSignalKind.Enqueued);
        listening.IsCompleted.ShouldBeFalse();
        await stop.CancelAsync();
        await listening;
    }
}
