using System.Collections.Concurrent;
using Microsoft.Playwright;
using Shouldly;

namespace JobRunner.TestSupport.Browser;

/// <summary>One open page. Errors on its console, violations of the content security policy among them, and errors in its
/// scripts fail the test when the page is closed.</summary>
public sealed class BrowserPage : IAsyncDisposable
{
    readonly IBrowserContext _context;
    readonly ConcurrentQueue<string> _problems = new();

    internal BrowserPage(IBrowserContext context, IPage page)
    {
        _context = context;
        Page = page;
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
                _problems.Enqueue($"{message.Type} on the console: {message.Text}");
        };
        page.PageError += (_, error) => _problems.Enqueue($"error in a script: {error}");
    }

    public IPage Page { get; }

    /// <summary>What has gone wrong so far.</summary>
    public IReadOnlyCollection<string> Problems => _problems;

    /// <summary>Forgets the problems that the test expects.</summary>
    public void ForgetProblems() => _problems.Clear();

    public async ValueTask DisposeAsync()
    {
        await _context.DisposeAsync();
        _problems.ShouldBeEmpty();
    }
}
