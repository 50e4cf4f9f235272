using Shop.Contracts;

namespace JobRunner.Jobs.Tests;

public class JobMethodTests
{
    readonly JobMethods _methods = new(new TypeResolver([typeof(StaticJobs).Assembly]));

    [Theory]
    [InlineData("Ping", false)]
    [InlineData("PingAsync", true)]
    public void A_method_that_returns_a_task_is_asynchronous(string name, bool expected) =>
        Find("Shop.Contracts.StaticJobs", name).IsAsync.ShouldBe(expected);

    [Fact]
    public async Task A_void_method_gives_null() => (await Find("Shop.Contracts.StaticJobs", "Ping").InvokeAsync(null, [])).ShouldBeNull();

    [Fact]
    public async Task A_task_gives_null() => (await Find("Shop.Contracts.StaticJobs", "PingAsync").InvokeAsync(null, [])).ShouldBeNull();

    [Fact]
    public async Task A_value_is_given() =>
        (await Find("Shop.Contracts.StaticJobs", "Echo", "System.String").InvokeAsync(null, ["x"])).ShouldBe("x");

    [Fact]
    public async Task The_result_of_a_task_is_given() =>
        (await Find("Shop.Contracts.StaticJobs", "EchoAsync", "System.String").InvokeAsync(null, ["x"])).ShouldBe("x");

    [Fact]
    public async Task The_result_of_a_value_task_is_given() =>
        (await Find("Shop.Contracts.StaticJobs", "AddAsync", "System.Int32", "System.Int32").InvokeAsync(null, [2, 3])).ShouldBe(5);

    [Fact]
    public async Task An_interface_method_is_called_on_its_implementation() =>
        (await Find("Shop.Contracts.IInvoices", "Total", "System.Int32", "System.Int32").InvokeAsync(new Invoices(), [1, 2])).ShouldBe(3);

    [Fact]
    public async Task The_exception_of_a_job_arrives_as_it_was_thrown() =>
        (await Should.ThrowAsync<InvalidOperationException>(async () => await Find("Shop.Contracts.StaticJobs", "Fail", "System.String").InvokeAsync(null, ["no"])))
            .Message.ShouldBe("no");

    [Fact]
    public void A_method_is_described_once() =>
        Find("Shop.Contracts.StaticJobs", "Ping").ShouldBeSameAs(Find("Shop.Contracts.StaticJobs", "Ping"));

    [Fact]
    public void A_method_that_is_not_there_is_told_with_its_parameters() =>
        Should.Throw<JobLoadException>(() => Find("Shop.Contracts.StaticJobs", "Echo", "System.Int32")).Message
            .ShouldContain("no public method Echo(Int32)");

    [Fact]
    public void A_type_argument_that_its_type_does_not_allow_is_told_as_what_cannot_be_loaded()
    {
        var call = new Invocation("Shop.Contracts.Repository`1[[System.Int32]], Shop.Contracts", "Save", ["System.Int32"], []);

        var error = Should.Throw<JobLoadException>(() => _methods.Find(call));

        error.Message.ShouldContain("Repository`1");
        error.InnerException.ShouldBeOfType<ArgumentException>();
    }

    [Fact]
    public void A_parameter_whose_assembly_is_not_there_is_told_as_what_cannot_be_loaded()
    {
        var methods = new JobMethods(new TypeResolver([typeof(Shop.Legacy.ContextJobs).Assembly]));

        var error = Should.Throw<JobLoadException>(() => methods.Find(new Invocation(
            "Shop.Legacy.ContextJobs, Shop.Legacy", "WithContextAsync", ["System.String"], [])));

        error.Message.ShouldContain("Hangfire.Core");
        error.InnerException.ShouldBeOfType<FileNotFoundException>();
    }

    [Theory]
    [InlineData("System.IO.File, System.Private.CoreLib")]
    [InlineData("System.Diagnostics.Process, System.Diagnostics.Process")]
    [InlineData("Newtonsoft.Json.JsonConvert, Newtonsoft.Json")]
    [InlineData("No.Such.Type, No.Such.Assembly")]
    public void A_type_outside_the_allowed_assemblies_is_refused_naming_the_setting(string type) =>
        Should.Throw<JobLoadException>(() => _methods.Types.JobType(type)).Message.ShouldContain("JobRunner:JobAssemblies");

    [Fact]
    public void A_generic_of_the_base_library_around_an_allowed_type_is_not_a_job_type() =>
        Should.Throw<JobLoadException>(() => _methods.Types.JobType("System.Collections.Generic.List`1[[Shop.Contracts.Order, Shop.Contracts]], mscorlib"));

    [Theory]
    [InlineData("Shop.Contracts.StaticJobs, Shop.Contracts, Version=9.9.9.9, Culture=neutral, PublicKeyToken=null")]
    [InlineData("Shop.Contracts.StaticJobs, Shop.Contracts")]
    public void Versions_in_names_do_not_matter(string type) => _methods.Types.JobType(type).ShouldBe(typeof(StaticJobs));

    JobMethod Find(string type, string method, params string[] parameters) =>
        _methods.Find(new Invocation($"{type}, Shop.Contracts", method, parameters, []));
}
