using System.Reflection;
using System.Reflection.Emit;
using JobRunner.Sandbox.Tests.Jobs;

namespace JobRunner.Sandbox.Tests;

/// <summary>What a sandbox loads.</summary>
public sealed class ApplicationTests
{
    [Fact(Timeout = 30_000)]
    public async Task A_module_that_fails_in_the_sandbox_is_told_to_the_caller()
    {
        await using var host = new PoolHost(o => o.Minimum = 0, o => o.AddModule<BrokenModule>());
        var end = await host.EndOfAsync(host.Call(() => TestJobs.Nothing()));
        end.Reason.ShouldBe(EndReason.Crash);
        end.Exception.Message.ShouldStartWith("A sandbox could not be started: the setting is missing");
    }

    [Fact(Timeout = 30_000)]
    public async Task A_job_assembly_that_the_host_does_not_depend_on_is_loaded_by_its_path()
    {
        var directory = Directory.CreateTempSubdirectory();
        var plugin = Assembly.LoadFrom(WritePlugin(directory.FullName));
        await using var host = new PoolHost(o => o.Minimum = 0, o => o.JobAssemblies.Add(plugin));
        var end = await host.Pool.RunAsync(new SandboxCall(new Invocation("Plugin.Jobs, Plugin", "Answer", [], [])), default);
        end.ShouldBe(new SandboxEnd.Returned("42"));
        directory.Delete(recursive: true);
    }

    /// <summary>An assembly with <c>public static int Answer() => 42</c>.</summary>
    static string WritePlugin(string directory)
    {
        var assembly = new PersistedAssemblyBuilder(new AssemblyName("Plugin"), typeof(object).Assembly);
        var jobs = assembly.DefineDynamicModule("Plugin").DefineType("Plugin.Jobs", TypeAttributes.Public | TypeAttributes.Abstract | TypeAttributes.Sealed);
        var code = jobs.DefineMethod("Answer", MethodAttributes.Public | MethodAttributes.Static, typeof(int), []).GetILGenerator();
        code.Emit(OpCodes.Ldc_I4, 42);
        code.Emit(OpCodes.Ret);
        jobs.CreateType();
        var path = Path.Combine(directory, "Plugin.dll");
        assembly.Save(path);
        return path;
    }
}
