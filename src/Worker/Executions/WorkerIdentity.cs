using System.Globalization;
using JobRunner.Storage;

namespace JobRunner.Worker;

/// <summary>The name under which this worker holds its jobs, in Hangfire's form: name, process id and a GUID.</summary>
sealed class WorkerIdentity
{
    public string ServerId { get; } = string.Create(CultureInfo.InvariantCulture,
        $"{ServerInfo.NamePrefix}{Environment.MachineName.ToLowerInvariant()}:{Environment.ProcessId}:{Guid.NewGuid()}");
}
