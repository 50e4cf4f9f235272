using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace JobRunner.Sandbox.Tests.Jobs;

/// <summary>A service that the module registers, in the sandbox too.</summary>
public sealed class Greeter
{
    public string Greet(string name) => $"Hello, {name}";
}

public sealed class TestModule : IJobModule
{
    public void ConfigureServices(IServiceCollection services) => services.AddSingleton<Greeter>();
}

/// <summary>Works in the host and not in a sandbox, as a module may that reads a setting which only the host has.</summary>
public sealed class BrokenModule : IJobModule
{
    public void ConfigureServices(IServiceCollection services)
    {
        if (System.Reflection.Assembly.GetEntryAssembly() == typeof(ISandboxPool).Assembly)
            throw new InvalidOperationException("the setting is missing");
    }
}

public sealed class GreetJob(Greeter greeter, ILogger<GreetJob> logger)
{
    public string Run(string name)
    {
        logger.LogInformation("greeting {Name}", name);
        return greeter.Greet(name);
    }
}
