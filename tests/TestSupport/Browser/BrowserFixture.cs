using Microsoft.Playwright;
using Xunit;

namespace JobRunner.TestSupport.Browser;

/// <summary>A real Chromium, started once for the tests that share it. Each test opens pages of its own.</summary>
public sealed class BrowserFixture : IAsyncLifetime
{
    // Nothing that a test does may reach out of this machine.
    static readonly string[] _arguments =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync",
    ];

    static readonly string[] _places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    IPlaywright? _playwright;
    IBrowser? _browser;

    public async Task InitializeAsync()
    {
        var path = Environment.GetEnvironmentVariable("CHROMIUM") ?? _places.FirstOrDefault(File.Exists)
            ?? throw new InvalidOperationException(
                "There is no Chromium on this machine, and the tests of the pages need one. Run ./test.sh, which installs it, " +
                "or set CHROMIUM to its path.");
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = path, Args = _arguments });
    }

    /// <summary>Opens a window of its own (own cookies) that notes whatever goes wrong in it.</summary>
    public async Task<BrowserPage> OpenAsync(string baseAddress, BrowserNewContextOptions? options = null)
    {
        options ??= new();
        options.BaseURL = baseAddress;
        var context = await _browser!.NewContextAsync(options);
        context.SetDefaultTimeout(10_000);
        return new(context, await context.NewPageAsync());
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
    }
}
