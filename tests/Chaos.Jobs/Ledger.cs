using System.Globalization;
using System.Text;

namespace JobRunner.Chaos.Jobs;

/// <summary>
/// Where jobs write what they did: one file for each process, to which lines are only added. It is no table of the database,
/// because no fault may reach it: what was written stays written, even when the process is killed right after.
/// </summary>
static class Ledger
{
    static readonly Lock _lock = new();
    static readonly string _worker = Environment.GetEnvironmentVariable("CHAOS_WORKER") ?? "none";
    static readonly FileStream _file = Open();

    public static Run Begin(int key, IJobContext context)
    {
        var run = new Run(key, context.JobId, context.Attempt);
        run.Write('B');
        return run;
    }

    static FileStream Open() => new(
        Path.Combine(Environment.GetEnvironmentVariable("CHAOS_LEDGER") ?? Path.GetTempPath(), $"{_worker}-{Environment.ProcessId}.ledger"),
        FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);

    /// <summary>One run of a job: it begins, and ends well, or with an exception of its own, or because it was told to.</summary>
    internal sealed class Run(int key, long jobId, int attempt) : IDisposable
    {
        static long _runs;

        readonly long _id = Interlocked.Increment(ref _runs);
        bool _ended;

        public void End() => Write('E');

        public void Fail() => Write('F');

        public void Dispose()
        {
            if (!_ended)
                Write('C');
        }

        internal void Write(char what)
        {
            _ended = what != 'B';
            var line = string.Create(CultureInfo.InvariantCulture,
                $"{what} {key} {jobId} {attempt} {Environment.ProcessId} {_id} {_worker} {TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds()}\n");
            lock (_lock)
                _file.Write(Encoding.ASCII.GetBytes(line));
        }
    }
}
