using JobRunner.Storage;
using Shouldly;
using Xunit;

namespace JobRunner.TestSupport;

public abstract partial class JobStoreConformance
{
    static readonly ResourceLock _mine = new("res:42", 1001);
    static readonly ResourceLock _theirs = new("res:42", 1002);
    static readonly ResourceLock _other = new("Res:42", 1003);

    [Fact]
    public async Task A_lock_has_one_holder_until_it_is_released()
    {
        (await AcquireAsync(_mine)).ShouldBe([_mine]);
        (await AcquireAsync(_theirs)).ShouldBeEmpty();

        await Store.Locks.ReleaseAsync([_mine], default);

        (await AcquireAsync(_theirs)).ShouldBe([_theirs]);
    }

    [Fact]
    public async Task Names_of_locks_differ_by_case() => (await AcquireAsync(_mine, _other)).ShouldBe([_mine, _other]);

    [Fact]
    public async Task Of_two_that_ask_for_a_lock_together_one_gets_it() =>
        (await AcquireAsync(_mine, _theirs, _other)).Count.ShouldBe(2);

    [Fact]
    public async Task Whoever_asks_again_for_a_lock_that_it_holds_has_it()
    {
        await AcquireAsync(_mine);

        (await AcquireAsync(_mine)).ShouldBe([_mine]);
    }

    [Fact]
    public async Task A_lock_that_is_not_refreshed_is_taken_over_and_its_first_holder_changes_nothing_more()
    {
        await AcquireAsync(_mine);
        await PassTimeAsync(Silence * 2);

        (await AcquireAsync(_theirs)).ShouldBe([_theirs]);

        (Store.Locks.Refresh([_mine])).ShouldBe([_mine]);
        await Store.Locks.ReleaseAsync([_mine], default);
        (await AcquireAsync(_mine)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_lock_that_is_refreshed_is_kept()
    {
        await AcquireAsync(_mine);
        await PassTimeAsync(Silence / 2);
        (Store.Locks.Refresh([_mine])).ShouldBeEmpty();
        await PassTimeAsync(Silence * 0.75);

        (await AcquireAsync(_theirs)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Nothing_happens_to_no_locks()
    {
        (await AcquireAsync()).ShouldBeEmpty();
        (Store.Locks.Refresh([])).ShouldBeEmpty();
        await Store.Locks.ReleaseAsync([], default);
    }

    [Fact(Timeout = Limit)]
    public async Task Eight_that_race_for_ten_locks_never_hold_one_together()
    {
        var holders = new int[10];
        await Task.WhenAll(Enumerable.Range(0, 8).Select(n => Task.Run(async () =>
        {
            ResourceLock[] wanted = [.. Enumerable.Range(0, 10).Select(r => new ResourceLock($"race:{r}", 2 + n)).OrderBy(_ => Random.Shared.Next())];
            for (var i = 0; i < 10; i++)
            {
                var held = await Store.Locks.AcquireAsync(wanted, Silence, null, default);
                foreach (var one in held)
                    Interlocked.Increment(ref holders[one.Resource[^1] - '0']).ShouldBe(1);
                foreach (var one in held)
                    Interlocked.Decrement(ref holders[one.Resource[^1] - '0']);
                await Store.Locks.ReleaseAsync(held, default);
            }
        })));
    }

    Task<IReadOnlyList<ResourceLock>> AcquireAsync(params ResourceLock[] locks) => Store.Locks.AcquireAsync(locks, Silence, null, default);

    [Fact]
    public async Task A_worker_that_may_not_rescue_takes_no_lock_for_abandoned()
    {
        (await AcquireAsync(_theirs)).ShouldBe([_theirs]);
        await PassTimeAsync(Silence * 2);
        var worker = new Rescuer("jobrunner@back:1:a", Silence * 3, []);
        Announce(worker);
        (await Store.Locks.AcquireAsync([_mine], Silence, worker, default)).ShouldBeEmpty();

        await PassTimeAsync(Silence * 2);
        (await Store.Locks.AcquireAsync([_mine], Silence, worker, default)).ShouldBe([_mine]);
    }
}
