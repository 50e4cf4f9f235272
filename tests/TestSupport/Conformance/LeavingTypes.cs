using JobRunner.Storage;
using Shouldly;
using Xunit;

namespace JobRunner.TestSupport;

public abstract partial class JobStoreConformance
{
    static readonly string[] _foreign = ["Other.Jobs, Other"];

    [Fact]
    public async Task Jobs_of_types_to_leave_are_passed_over_and_stay_for_others()
    {
        var ids = await Store.Actions.AddAsync([Foreign(), Enqueued(), Foreign(), Enqueued()], default);

        (await LeavingAsync(1)).ShouldHaveSingleItem().JobId.ShouldBe(ids[1]);
        (await LeavingAsync(10)).ShouldHaveSingleItem().JobId.ShouldBe(ids[3]);
        (await LeavingAsync(10)).ShouldBeEmpty();
        (await ClaimAsync()).Select(job => job.JobId).ShouldBe([ids[0], ids[2]]);
    }

    [Fact]
    public async Task A_job_without_a_type_is_not_passed_over()
    {
        var id = await AddAsync(Enqueued() with { Invocation = Call() with { Type = "" } });

        (await LeavingAsync(1)).ShouldHaveSingleItem().JobId.ShouldBe(id);
    }

    [Fact(Timeout = Limit)]
    public async Task A_job_behind_thousands_to_leave_is_reached_by_a_few_claims_and_an_older_one_by_the_next_round()
    {
        var older = await AddAndClaimAsync();
        await Store.Actions.AddAsync([.. Enumerable.Range(0, 12_000).Select(_ => Foreign())], default);
        var id = await AddAsync(Enqueued());

        (await ReachedAsync()).ShouldBe(id);
        await Store.Queue.ReleaseAsync([older.Claim], default);
        (await ReachedAsync()).ShouldBe(older.JobId);

        async Task<long> ReachedAsync()
        {
            for (var claims = 0; claims < 10; claims++)
            {
                if (await LeavingAsync(5) is [var job])
                    return job.JobId;
            }

            throw new TimeoutException("ten claims did not reach it");
        }
    }

    Task<IReadOnlyList<ClaimedJob>> LeavingAsync(int count) => Store.Queue.ClaimAsync(["default"], count, _foreign, default);

    NewJob Foreign() => Enqueued() with { Invocation = Call() with { Type = _foreign[0] } };
}
