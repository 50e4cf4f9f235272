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

public sealed class GreetJob(Greeter greeter, ILogger<GreetJob> logger)
{
    public string Run(string name)
    {
        logger.LogInformation("greeting {Name}", name);
        return greeter.Greet(name);
    }
}
