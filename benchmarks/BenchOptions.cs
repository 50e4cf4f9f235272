using System.CommandLine;
using Npgsql;

namespace JobRunner.Benchmarks;

/// <summary>The options that scenarios share, and what may be given to them.</summary>
static class BenchOptions
{
    public static Option<int> Number(string name, string description, int byDefault, int least = 1)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => byDefault };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out var value) && value < least)
                result.AddError($"{name} is {value}: it must be at least {least}.");
        });
        return option;
    }

    /// <summary>The first choice is the default.</summary>
    public static Option<string> Choice(string name, string description, params string[] choices) =>
        new Option<string>(name) { Description = description, DefaultValueFactory = _ => choices[0] }.AcceptOnlyFromAmong(choices);

    public static Option<int> Jobs(int byDefault) => Number("--jobs", "How many jobs", byDefault);

    public static Option<int> Runs() =>
        Number("--runs", "How often to measure, each time with empty tables: the last line has the run whose rate is the median, and all rates", 1);

    public static Option<bool> NoLimit() => new("--no-limit")
    {
        Description = "Leave out the bare program that runs before each run, on the same tables: its rate is the limit to compare with",
    };

    public static Option<bool> History() => new("--history") { Description = "Keep the history of executions, too: a line for each job" };

    public static Option<int> Busy() =>
        Number("--busy", "How many processors another process keeps busy meanwhile", 0, least: 0);

    public static Option<string?> Postgres()
    {
        var option = new Option<string?>("--postgres")
        {
            Description = "Connection string of a role that may create databases: the scenario makes one and drops it. Without it a private server is started",
            HelpName = "connection string",
        };
        option.Validators.Add(result =>
        {
            try
            {
                _ = new NpgsqlConnectionStringBuilder(result.GetValueOrDefault<string?>());
            }
            catch (ArgumentException e)
            {
                result.AddError($"--postgres is no connection string: {e.Message}");
            }
        });
        return option;
    }

    public static Option<bool> InMemory() => new("--in-memory") { Description = "Use the in-memory store" };
}
