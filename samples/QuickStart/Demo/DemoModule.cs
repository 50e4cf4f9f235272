using JobRunner;

namespace QuickStart.Demo;

/// <summary>What the demo jobs need. The worker runs this once, and so does every sandbox.</summary>
public sealed class DemoModule : IJobModule
{
    /// <inheritdoc/>
    public void ConfigureServices(IServiceCollection services) =>
        services.AddSingleton(_ => new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 1000 }));
}
