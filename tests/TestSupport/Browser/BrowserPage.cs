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

    /// <summary>Forgets the problems that a test expects: those that contain a text.</summary>
    public void Forget(string expected)
    {
        for (var i = _problems.Count; i > 0 && _problems.TryDequeue(out var problem); i--)
        {
            if (!problem.Contains(expected, StringComparison.Ordinal))
                _problems.Enqueue(problem);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _context.DisposeAsync();
        _problems.ShouldBeEmpty();
    }
}
