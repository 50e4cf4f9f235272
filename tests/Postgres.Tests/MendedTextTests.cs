using JobRunner.Storage;
using JobRunner.TestSupport;

namespace JobRunner.Postgres.Tests;

/// <summary>What PostgreSQL refuses in a text, wherever it comes from, is stored in a mended form and refuses no batch.</summary>
public sealed class MendedTextTests(PostgresFixture fixture) : StoreTests(fixture)
{
    const string Bad = "x\ud800\0y";
    const string Mended = "x\ufffd\ufffdy";

    static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    [Fact]
    public async Task A_call_with_such_texts_is_added_beside_others()
    {
        var call = new Invocation($"Shop.{Bad}, Shop", Bad, [Bad], [$"\"{Bad}\""], null);
        var whole = new Invocation("Shop.Job, Shop", "Run", ["System.String"], [@"""C:\\udir\\u0000 \u0000 \ud83d\ude00"""], null);
        var state = JobState.Enqueued("default", Now) with { Reason = Bad };

        var ids = await Store.Actions.AddAsync([New(call, state), New(whole, state)], default);

        var job = (await Store.Reader.GetAsync(ids[0], default)).ShouldNotBeNull();
        (job.Invocation!.Method, job.State!.Reason, job.Parameters[Mended]).ShouldBe((Mended, Mended, Mended));
        job.Invocation.Arguments.ShouldBe([$"\"{Mended}\""]);
        (await Store.Reader.GetAsync(ids[1], default))!.Invocation!.Arguments.ShouldBe(whole.Arguments, "nothing else is changed");
    }

    [Fact]
    public async Task Ends_notes_and_servers_are_written_with_such_texts()
    {
        var id = (await Store.Actions.AddAsync([New(new("Shop.Job, Shop", "Run", [], []), JobState.Enqueued("default", Now))], default))[0];
        var job = (await Store.Queue.ClaimAsync(["default"], 1, default)).ShouldHaveSingleItem();
        JobState[] states = [JobState.Processing(Bad, $"worker-{Bad}", Now), JobState.Failed(Now, new(Bad, Bad, Bad), Bad, Bad)];
        var change = new StateChange(id, job.StateId, job.StateName, states, null, job.Claim) { Parameters = new Dictionary<string, string?> { [Bad] = Bad } };

        (await Store.Queue.ApplyAsync([change], default)).ShouldHaveSingleItem().ShouldNotBeNull();
        await Store.Notes.WriteAsync([new(0, id, Now, 2, Bad)], [new(id, 0.5, Bad, Now)], default);
        Store.Servers.Announce(new($"jobrunner@{Mended}", [Bad], 1, Now, Now) { Sandboxes = new(Bad, 0, 0, 1) }, TimeSpan.FromSeconds(30));

        var ended = (await Store.Reader.GetAsync(id, default)).ShouldNotBeNull();
        (ended.State!.Reason, ended.State.Data["ExceptionMessage"], ended.Progress!.Message).ShouldBe((Mended, Mended, Mended));
        var server = (await Store.Servers.ListAsync(default)).ShouldHaveSingleItem();
        (server.Queues.ShouldHaveSingleItem(), server.Sandboxes!.Limits).ShouldBe((Mended, Mended));
    }

    static NewJob New(Invocation call, JobState state) => new(call, state, new Dictionary<string, string?> { [Bad] = Bad });
}
