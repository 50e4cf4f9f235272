using JobRunner.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace JobRunner.Dashboard.Tests.Support;

/// <summary>An application with the dashboard on a real port of this machine, and the in-memory store behind it.</summary>
sealed class DashboardApp : IAsyncDisposable
{
    readonly WebApplication _app;

    DashboardApp(WebApplication app, string prefix)
    {
        _app = app;
        Address = app.Urls.Single();
        // Without draining, a response that is given up closes its connection at once, as a browser does.
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, ResponseDrainTimeout = TimeSpan.Zero };
        Http = new(handler) { BaseAddress = new(Address), Timeout = TimeSpan.FromSeconds(20) };
        Prefix = prefix;
        Given = new(Store);
    }

    public string Address { get; }

    public string Prefix { get; }

    public HttpClient Http { get; }

    public IJobStore Store => _app.Services.GetRequiredService<IJobStore>();

    public Given Given { get; }

    public static Task<DashboardApp> StartAsync() => StartAsync("/jobs");

    public static async Task<DashboardApp> StartAsync(
        string prefix, Action<DashboardOptions>? configure = null, Action<WebApplication>? pipeline = null,
        Action<IServiceCollection>? services = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddJobRunner().UseInMemory();
        builder.Services.AddJobRunnerDashboard(configure);
        services?.Invoke(builder.Services);
        var app = builder.Build();
        pipeline?.Invoke(app);
        app.UseRouting();
        app.MapJobRunnerDashboard(prefix);
        await app.StartAsync();
        return new(app, prefix);
    }

    public async Task<string> GetPageAsync(string path, int status = StatusCodes.Status200OK)
    {
        using var response = await Http.GetAsync(Prefix + path);
        ((int)response.StatusCode).ShouldBe(status);
        return await response.Content.ReadAsStringAsync();
    }

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
    }
}
