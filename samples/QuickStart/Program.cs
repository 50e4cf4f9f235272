using JobRunner;
using QuickStart;
using QuickStart.Demo;
using JobRunner.Dashboard;

// Worker, dashboard and demo jobs in one process. Run with --help for the switches.
var switches = Switches.Parse(args);
if (switches is null)
    return Switches.Explain();

var builder = WebApplication.CreateBuilder();
builder.WebHost.UseUrls(switches.Url);
builder.Logging.SetMinimumLevel(LogLevel.Warning).AddFilter("JobRunner", LogLevel.Information).AddFilter("JobRunner.Sandbox", LogLevel.Error);

var jobs = builder.Services.AddJobRunner(options => options.AddModule<DemoModule>());
if (switches.Postgres is { } connectionString)
    jobs.UsePostgres(connectionString);
else
    jobs.UseInMemory();
jobs.AddWorker();
builder.Services.AddJobRunnerDashboard();

var app = builder.Build();
app.MapJobRunnerDashboard("/jobs");
app.MapDemo();
if (!await app.TryStartAsync())
    return 0;
Console.WriteLine($"Dashboard: {switches.Url}/jobs (Ctrl+C ends)");

var demo = new DemoRun(app.Services.GetRequiredService<IJobClient>(), switches.Url);
var asExpected = !switches.Demo || await demo.RunAsync(Console.Out, app.Lifetime.ApplicationStopping);
await (switches.Exit ? app.StopAsync() : app.WaitForShutdownAsync());
return asExpected ? 0 : 1;
