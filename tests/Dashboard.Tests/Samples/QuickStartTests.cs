using System.Globalization;
using System.Text.RegularExpressions;
using JobRunner.TestSupport;
using JobRunner.TestSupport.Browser;

namespace JobRunner.Dashboard.Tests;

/// <summary>The newcomer's first run: everything together, in one process with real sandboxes.</summary>
public sealed partial class QuickStartTests(BrowserFixture browser) : IClassFixture<BrowserFixture>
{
    readonly string _url = $"http://127.0.0.1:{ProductProcess.FreePort()}";

    [Fact(Timeout = 120_000)]
    public async Task The_demo_ends_by_itself_and_tells_how_each_kind_of_job_ended()
    {
        await using var program = Start("--demo", "--exit");
        var exitCode = await program.ExitAsync(TimeSpan.FromSeconds(90));
        var output = program.Output;

        ShouldTellAllKinds(output);
        exitCode.ShouldBe(0, output);
    }

    [Fact(Timeout = 120_000)]
    public async Task On_PostgreSQL_the_demo_leaves_full_histories_in_Hangfires_tables_and_an_empty_queue()
    {
        var connectionString = await PostgresFixture.CreateDatabaseAsync();
        await using var program = Start("--demo", "--exit", "--postgres", connectionString);
        var exitCode = await program.ExitAsync(TimeSpan.FromSeconds(90));
        var output = program.Output;

        ShouldTellAllKinds(output);
        exitCode.ShouldBe(0, output);
        (await Sql.ScalarAsync(connectionString, "select version from hangfire.schema")).ShouldBe(23);
        (await Sql.ScalarAsync(connectionString, "select count(*) from hangfire.jobqueue")).ShouldBe(0L);
        (await Sql.ScalarAsync(connectionString, "select count(*) from hangfire.server")).ShouldBe(0L);
        (await Sql.ScalarAsync(connectionString, """
            select count(*) from (
                select jobid from hangfire.state group by jobid
                having string_agg(name, ',' order by id) = any(array[
                    'Enqueued,Processing,Succeeded', 'Scheduled,Enqueued,Processing,Succeeded', 'Enqueued,Processing,Failed',
                    'Enqueued,Processing,Failed,Scheduled,Enqueued,Processing,Failed,Scheduled,Enqueued,Processing,Succeeded'])) whole
            """)).ShouldBe(await Sql.ScalarAsync(connectionString, "select count(*) from hangfire.job"));
    }

    [Fact(Timeout = 120_000)]
    public async Task The_dashboard_shows_the_demos_jobs_in_a_browser()
    {
        await using var program = Start();
        using var http = new HttpClient();
        await program.WaitUntilAsync(async () => (await http.GetAsync(new Uri(_url))).IsSuccessStatusCode);
        await using var opened = await browser.OpenAsync(_url);
        var page = opened.Page;

        await page.GotoAsync("/");
        await page.GetByRole(Microsoft.Playwright.AriaRole.Button, new() { Name = "Run the demo" }).ClickAsync();
        await page.WaitForURLAsync("**/jobs");
        await page.GotoAsync("/jobs/succeeded");
        await page.GetByText("PageJobs.FetchAsync").First.WaitForAsync(new() { Timeout = 30_000 });
    }

    [Theory(Timeout = 60_000)]
    [InlineData("--nonsense")]
    [InlineData("--postgres")]
    public async Task A_switch_that_is_not_understood_is_told(string given)
    {
        await using var program = Start(given);

        (await program.ExitAsync()).ShouldBe(2);
        program.Output.ShouldContain($"'{given}'");
        program.Output.ShouldContain("--demo");
    }

    static void ShouldTellAllKinds(string output)
    {
        output.ShouldMatch("fetch pages +500 jobs +500 Succeeded");
        double.Parse(FetchTime().Match(output).Groups[1].Value, CultureInfo.InvariantCulture).ShouldBeLessThan(30, "all at once, not one after another");
        output.ShouldMatch("render images +4 jobs +4 Succeeded .* \"data:image/png");
        output.ShouldMatch("count primes +4 jobs +4 Succeeded .* 539777");
        output.ShouldMatch("run in 3 seconds +1 jobs +1 Succeeded");
        output.ShouldMatch("fail twice, then succeed +1 jobs +1 Succeeded .* attempt 3");
        output.ShouldMatch("overflow the stack +1 jobs +1 Failed .* overflowed the stack");
        output.ShouldMatch("spin for ever +1 jobs +1 Failed .* time limit of 2 s");
        output.ShouldMatch("exit the process +1 jobs +1 Failed .* Environment.Exit");
    }

    ProductProcess Start(params string[] switches) => ProductProcess.Start("QuickStart", ["--url", _url, .. switches]);

    [GeneratedRegex(@"fetch pages .*Succeeded +([\d.]+) s")]
    private static partial Regex FetchTime();
}
