using JobRunner.Storage;
using JobRunner.TestSupport;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace JobRunner.Worker.Tests;

/// <summary>What jobs say is written in the end, whatever becomes of a write of it.</summary>
public sealed class JobNotesTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Fact]
    public async Task What_could_not_be_written_is_written_with_what_came_after_it()
    {
        var (notes, store) = NewNotes();
        store.Failure = new TimeoutException("away");
        Say(notes, 7, "first", 0.25);
        Say(notes, 8, "other", 0.5);
        await Should.ThrowAsync<TimeoutException>(() => notes.FlushAsync(default));
        Say(notes, 7, "second", 0.75);
        store.Failure = null;

        await notes.FlushAsync(default);

        store.Lines.Select(line => line.Message).ShouldBe(["first", "other", "second"]);
        store.Progress.OrderBy(progress => progress.JobId).Select(progress => progress.Fraction).ShouldBe([0.75, 0.5]);
    }

    [Fact]
    public async Task What_waits_for_a_store_is_bounded_and_says_where_lines_are_missing()
    {
        var (notes, store) = NewNotes();
        store.Failure = new TimeoutException("away");
        for (var i = 0; i < 3; i++)
        {
            for (var line = 0; line < 15_000; line++)
                notes.Append(7, LogLevel.Information, $"{i}-{line}");
            await Should.ThrowAsync<TimeoutException>(() => notes.FlushAsync(default));
        }

        store.Failure = null;
        await notes.FlushAsync(default);

        store.Lines.Count.ShouldBeLessThanOrEqualTo(20_003);
        store.Lines[0].Message.ShouldBe("0-0");
        store.Lines.ShouldContain(line => line.Message.Contains("lines are missing here"));
    }

    [Fact]
    public async Task Long_lines_that_wait_for_a_store_are_bounded_by_their_length()
    {
        var (notes, store) = NewNotes();
        for (var line = 0; line < 5000; line++)
            notes.Append(7, LogLevel.Information, new('x', 8000));

        await notes.FlushAsync(default);

        store.Lines.Sum(line => line.Message.Length).ShouldBeInRange(8_000_000, 9_000_000);
        store.Lines[^1].Message.ShouldContain("lines are missing here");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_line_and_a_progress_that_the_database_refuses_cost_nobody_else_theirs()
    {
        await using var worker = await WorkerHost.StartAsync(builder => builder.UsePostgres(postgres.ConnectionString));
        await Sql.ExecuteAsync(postgres.ConnectionString, """
            create function public.refuse() returns trigger language plpgsql as $$ begin
                if new.message like '%poison%' then raise exception 'no poison here'; end if;
                return new;
            end $$;
            create trigger refuse before insert on jobrunner.log for each row execute function public.refuse();
            create trigger refuse before insert on jobrunner.progress for each row execute function public.refuse();
            """);
        var ids = await worker.Client.EnqueueManyAsync(Enumerable.Range(0, 50).Select(n => JobCall.Of(() => ScriptedJobs.SayAsync($"{n % 25}", n == 20 ? "poison" : "bread", null!))));
        foreach (var id in ids)
            await worker.Client.WaitAsync(id);

        await Eventually.HoldsAsync(async () => (long)(await Sql.ScalarAsync(postgres.ConnectionString, "select count(*) from jobrunner.log"))! == 99);
        await Eventually.HoldsAsync(async () => (long)(await Sql.ScalarAsync(postgres.ConnectionString, "select count(*) from jobrunner.progress"))! == 49);
        (await worker.Store.Reader.ReadLogAsync(ids[21], 0, 10, default)).Select(line => line.Message).ShouldBe(["21", "bread"]);
        worker.Log.Lines.ShouldContain(line => line.Contains($"of job {ids[20]}") && line.Contains("no poison here"));
    }

    static void Say(JobNotes notes, long job, string line, double progress)
    {
        notes.Append(job, LogLevel.Information, line);
        notes.SetProgress(job, progress, null);
    }

    static (JobNotes, NoteStore) NewNotes()
    {
        var store = new NoteStore();
        return (new JobNotes(store, TimeProvider.System, NullLogger<JobNotes>.Instance), store);
    }

    sealed class NoteStore : INotesStore
    {
        public Exception? Failure { get; set; }

        public List<JobLogLine> Lines { get; } = [];

        public List<JobProgress> Progress { get; } = [];

        public Task WriteAsync(IReadOnlyList<JobLogLine> lines, IReadOnlyList<JobProgress> progress, CancellationToken cancellationToken)
        {
            if (Failure is not null)
                return Task.FromException(Failure);
            Lines.AddRange(lines);
            Progress.AddRange(progress);
            return Task.CompletedTask;
        }
    }
}
