using JobRunner.Dashboard.Tests.Support;
using JobRunner.TestSupport.Browser;
using Microsoft.Playwright;

namespace JobRunner.Dashboard.Tests;

/// <summary>Every page with a realistic store behind it, on a desk and on a phone, in the light and in the dark. Set
/// SCREENSHOTS to a folder to look at what the tests see.</summary>
public sealed class AppearanceTests(BrowserFixture browser) : IClassFixture<BrowserFixture>
{
    [Theory]
    [InlineData(1360, ColorScheme.Light)]
    [InlineData(1360, ColorScheme.Dark)]
    [InlineData(390, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task No_page_is_wider_than_its_window(int width, ColorScheme scheme)
    {
        await using var app = await DashboardApp.StartAsync();
        var pages = await RealisticStore.FillAsync(app.Given);
        await using var opened = await browser.OpenAsync(app.Address,
            new() { ViewportSize = new() { Width = width, Height = 844 }, ColorScheme = scheme });

        foreach (var (name, path) in pages)
        {
            await opened.Page.GotoAsync("/jobs" + path);
            var widest = await opened.Page.EvaluateAsync<int>("document.documentElement.scrollWidth");
            await SaveAsync(opened.Page, $"{name}-{width}-{scheme}");
            widest.ShouldBeLessThanOrEqualTo(width, name);
        }

        opened.Forget("status of 404");
    }

    static async Task SaveAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("SCREENSHOTS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, name + ".png"), FullPage = true });
    }
}
