using Microsoft.Extensions.Options;

namespace JobRunner.Worker;

/// <summary>Says at start what is wrong with the settings: the key, its value and the rule.</summary>
sealed class WorkerOptionsValidator : IValidateOptions<WorkerOptions>
{
    public ValidateOptionsResult Validate(string? name, WorkerOptions options)
    {
        var errors = new List<string>();
        AtLeast(nameof(options.AsyncConcurrency), options.AsyncConcurrency, 1);
        AtLeast(nameof(options.ThreadConcurrency), options.ThreadConcurrency, 1);
        AtLeast(nameof(options.Backlog), options.Backlog, 0);
        AtLeast(nameof(options.PayloadMemoryMb), options.PayloadMemoryMb, 0);
        Between(nameof(options.PollInterval), options.PollInterval, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1));
        Between(nameof(options.ProcessingDelay), options.ProcessingDelay, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Between(nameof(options.LeaseInterval), options.LeaseInterval, TimeSpan.FromMilliseconds(100), options.RescueAfter / 3);
        Between(nameof(options.HeartbeatInterval), options.HeartbeatInterval, TimeSpan.FromMilliseconds(100), options.RescueAfter / 3);
        Between(nameof(options.ShutdownGrace), options.ShutdownGrace, TimeSpan.Zero, TimeSpan.FromHours(1));
        Between(nameof(options.CancelGrace), options.CancelGrace, TimeSpan.Zero, TimeSpan.FromMinutes(10));
        foreach (var (i, entry) in options.Queues.Index())
            Queue(i, entry);
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);

        void AtLeast(string key, int value, int least)
        {
            if (value < least)
                errors.Add($"{WorkerOptions.Section}:{key} is {value}; it must be at least {least}.");
        }

        void Between(string key, TimeSpan value, TimeSpan least, TimeSpan most)
        {
            if (value < least || value > most)
                errors.Add($"{WorkerOptions.Section}:{key} is {value}; it must be between {least} and {most}.");
        }

        void Queue(int i, string entry)
        {
            try
            {
                QueueGroups.Parse([entry]);
            }
            catch (FormatException e)
            {
                errors.Add($"{WorkerOptions.Section}:{nameof(options.Queues)}:{i} is '{entry}': {e.Message}");
            }
        }
    }
}
