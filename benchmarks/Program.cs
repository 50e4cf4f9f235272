using System.CommandLine;
using JobRunner.Benchmarks;

var root = new RootCommand("Measures JobRunner. Each scenario prints what it does, and as its last line one JSON object.");
root.Subcommands.Add(ThroughputScenario.Command());
root.Subcommands.Add(IoScenario.Command());
return await root.Parse(args).InvokeAsync();
