using System.CommandLine;

namespace JobRunner.Benchmarks;

/// <summary>The options that say which store a scenario runs on.</summary>
sealed class StoreChoice
{
    readonly Option<string?> _postgres = BenchOptions.Postgres();
    readonly Option<bool> _inMemory = BenchOptions.InMemory();

    public StoreChoice(Command command)
    {
        command.Add(_postgres);
        command.Add(_inMemory);
        command.Validators.Add(result =>
        {
            if (result.GetValue(_inMemory) && result.GetResult(_postgres) is not null)
                result.AddError("--in-memory and --postgres exclude each other.");
        });
    }

    public async Task<BenchStore> OpenAsync(ParseResult parsed) =>
        parsed.GetValue(_inMemory) ? new InMemoryBenchStore() : await PostgresBenchStore.OpenAsync(parsed.GetValue(_postgres));
}
