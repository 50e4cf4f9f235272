using JobRunner.Storage;
using JobRunner.TestSupport;

namespace JobRunner.Postgres.Tests;

/// <summary>Our rows have the shape of those that the real Hangfire wrote for the same story.</summary>
public sealed class RecordedRowsTests(PostgresFixture fixture) : StoreTests(fixture)
{
    public static TheoryData<string> Added { get; } =
        [.. Recorded.Scenarios.Where(name => name.Contains("-enqueue-", StringComparison.Ordinal) || name.EndsWith("-schedule", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Added))]
    public async Task Added_jobs_look_like_those_of_a_Hangfire_client(string name)
    {
        var recording = new Recording(name);

        await Store.Actions.AddAsync([.. Enumerable.Range(0, recording.Jobs).Select(i => recording.Job(i))], default);

        await ShouldMatchAsync(recording);
    }

    [Fact]
    public async Task Jobs_that_succeeded_look_like_those_of_a_Hangfire_server()
    {
        var recording = new Recording("v180-succeeded-results");
        await Store.Actions.AddAsync([.. Enumerable.Range(0, 5).Select(i => recording.Job(i))], default);
        var jobs = await ClaimAsync();

        await Store.Queue.ApplyAsync([.. jobs.Select((job, i) => By(job, recording.States(i)[1..]))], default);

        await ShouldMatchAsync(recording, oneByOne: "counter");
    }

    [Fact]
    public async Task A_job_that_waits_for_its_retry_looks_like_Hangfires()
    {
        var recording = new Recording("v180-failed-retrying");
        await Store.Actions.AddAsync([recording.Job(0, "RetryCount")], default);
        var job = (await ClaimAsync()).ShouldHaveSingleItem();
        var states = recording.States(0);

        var started = await Store.Queue.ApplyAsync([By(job, states[1])], default);
        await Store.Queue.ApplyAsync([By(job, states[2], states[3]) with
        {
            SeenStateId = started[0]!.Value, SeenStateName = JobStates.Processing, Parameters = new Dictionary<string, string?> { ["RetryCount"] = "1" },
        }], default);

        await ShouldMatchAsync(recording);
    }

    [Fact]
    public async Task A_job_that_failed_for_good_looks_like_Hangfires()
    {
        var recording = new Recording("v180-failed-for-good");
        await FailAsync(recording);

        await ShouldMatchAsync(recording);
    }

    [Theory]
    [InlineData("v180-continuations-waiting")]
    [InlineData("v110-continuations-waiting")]
    public async Task Waiting_continuations_look_like_those_of_a_Hangfire_client(string name)
    {
        var recording = new Recording(name);
        var parent = (await Store.Actions.AddAsync([recording.Job(0, "Continuations")], default))[0];

        await Store.Actions.AddContinuationsAsync(parent, [recording.Job(1), recording.Job(2)], default);

        // What is 0 Hangfire leaves out of this parameter since level 170, and so do we.
        await ShouldMatchAsync(recording, alter: line => line.Replace(@",\u0022Options\u0022:0", "", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_continuation_of_a_finished_job_looks_like_Hangfires()
    {
        var recording = new Recording("v180-continuation-of-finished");
        await Store.Actions.AddAsync([recording.Job(0, "Continuations")], default);
        var parent = (await ClaimAsync()).ShouldHaveSingleItem();
        await Store.Queue.ApplyAsync([By(parent, recording.States(0)[1..])], default);

        await Store.Actions.AddContinuationsAsync(parent.JobId, [recording.Job(1)], default);

        await ShouldMatchAsync(recording, anyTimesIn: "EnqueuedAt");
    }

    [Fact]
    public async Task A_requeued_job_looks_like_Hangfires()
    {
        var recording = new Recording("v180-requeued");
        var id = await FailAsync(recording);
        var failed = (await Store.Reader.GetAsync(id, default))!;
        failed.State!.Name.ShouldBe(JobStates.Failed);

        await Store.Actions.RequeueAsync([id], null, default);

        await ShouldMatchAsync(recording, anyTimesIn: "EnqueuedAt");
    }

    [Fact]
    public async Task A_deleted_job_looks_like_Hangfires_and_leaves_its_queue_row()
    {
        var recording = new Recording("v180-deleted");
        var ids = await Store.Actions.AddAsync([recording.Job(0)], default);

        await Store.Actions.DeleteAsync(ids, null, default);

        await ShouldMatchAsync(recording, anyTimesIn: "DeletedAt");
    }

    /// <summary>The recorded job failed on its last attempt: it was scheduled, and enqueued when it was due.</summary>
    async Task<long> FailAsync(Recording recording)
    {
        var ids = await Store.Actions.AddAsync([recording.Job(0)], default);
        var states = recording.States(0);
        var history = await Sql.LinesAsync(ConnectionString, "select stateid::text from hangfire.job");
        await Store.Queue.ApplyAsync([new StateChange(ids[0], long.Parse(history[0]), JobStates.Scheduled, [states[1]])], default);
        var job = (await ClaimAsync()).ShouldHaveSingleItem();
        (await Store.Queue.ApplyAsync([By(job, states[2], states[3])], default))[0].ShouldNotBeNull();
        return job.JobId;
    }

    // Hangfire writes a row for each +1 where we write one for each batch, which a test of several jobs has to even out.
    async Task ShouldMatchAsync(Recording recording, string? oneByOne = null, string? anyTimesIn = null, Func<string, string>? alter = null)
    {
        var ours = Even(await Recording.LinesAsync(ConnectionString));
        ours.ShouldBe(Even(recording.Lines()));

        string[] Even(IEnumerable<string> lines) =>
        [
            .. lines.Select(alter ?? (line => line)).Select(line => anyTimesIn is null ? line
                    : System.Text.RegularExpressions.Regex.Replace(line, $"{anyTimesIn}: \"\\d+\"", $"{anyTimesIn}: some time"))
                .GroupBy(line => oneByOne is not null && line.StartsWith(oneByOne, StringComparison.Ordinal) ? line.Split(" value=")[0] : line)
                .SelectMany(same => same.Key.StartsWith(oneByOne ?? "\0", StringComparison.Ordinal)
                    ? [$"{same.Key} total={same.Sum(line => long.Parse(line.Split(" value=")[1]))}"]
                    : same.AsEnumerable()),
        ];
    }

    Task<IReadOnlyList<ClaimedJob>> ClaimAsync() => Store.Queue.ClaimAsync(["default"], 100, default);

    static StateChange By(ClaimedJob job, params JobState[] states) =>
        new(job.JobId, job.StateId, job.StateName, states, job.Invocation?.Queue, job.Claim, Retention: new RetentionRule(new()).Of(states[^1], job.Invocation));
}
