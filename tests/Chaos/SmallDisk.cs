using System.Diagnostics;

namespace JobRunner.Chaos;

/// <summary>A file system in memory that can be filled. Only root can have one.</summary>
sealed class SmallDisk : IAsyncDisposable
{
    readonly string _filler;

    SmallDisk(string directory)
    {
        Directory = directory;
        _filler = Path.Combine(directory, "filler");
    }

    public string Directory { get; }

    /// <param name="directory">Where it is mounted.</param>
    /// <param name="megabytes">How much it holds.</param>
    /// <returns>Null when it cannot be had.</returns>
    public static async Task<SmallDisk?> TryMountAsync(string directory, int megabytes)
    {
        System.IO.Directory.CreateDirectory(directory);
        if (!Environment.IsPrivilegedProcess || await RunAsync("mount", "-t", "tmpfs", "-o", $"size={megabytes}m,mode=0777", "tmpfs", directory) != 0)
            return null;
        return new(directory);
    }

    /// <summary>Leaves no byte free.</summary>
    public async Task FillAsync()
    {
        var zeros = new byte[1 << 22];
        await using var file = new FileStream(_filler, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            file.SetLength(0);
            while (true)
                await file.WriteAsync(zeros);
        }
        catch (IOException)
        {
            // it is full
        }
    }

    public void Empty() => File.Delete(_filler);

    public async ValueTask DisposeAsync() => await RunAsync("umount", "--lazy", Directory);

    static async Task<int> RunAsync(string file, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(file, arguments) { RedirectStandardError = true })!;
        await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode;
    }
}
