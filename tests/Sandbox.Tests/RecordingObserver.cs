using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace JobRunner.Sandbox.Tests;

/// <summary>Keeps what a job told, and lets a test wait for it.</summary>
sealed class RecordingObserver : ISandboxObserver
{
    readonly SemaphoreSlim _told = new(0);

    public ConcurrentQueue<(LogLevel Level, string Message)> Lines { get; } = new();

    public ConcurrentQueue<(double Fraction, string? Message)> Progress { get; } = new();

    public void OnLog(LogLevel level, string message)
    {
        Lines.Enqueue((level, message));
        _told.Release();
    }

    public void OnProgress(double fraction, string? message)
    {
        Progress.Enqueue((fraction, message));
        _told.Release();
    }

    public async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
            await _told.WaitAsync();
    }
}
