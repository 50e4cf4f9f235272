using System.Xml.Linq;
using JobRunner.TestSupport;

namespace JobRunner.Jobs.Tests;

/// <summary>The arrows between the rooms, and no others.</summary>
public class ArchitectureTests
{
    [Theory]
    [InlineData("Jobs", "")]
    [InlineData("Postgres", "Jobs")]
    [InlineData("Sandbox", "Jobs")]
    [InlineData("Worker", "Jobs Postgres Sandbox")]
    [InlineData("Dashboard", "Jobs Postgres")]
    public void A_project_references_only_what_it_may(string project, string allowed) =>
        References(project, "ProjectReference").Select(path => path.Split('/', '\\')[^2])
            .Except(allowed.Split(' ')).ShouldBeEmpty();

    [Theory]
    [InlineData("Jobs")]
    [InlineData("Sandbox")]
    [InlineData("Worker")]
    [InlineData("Dashboard")]
    public void Only_the_Postgres_room_knows_the_database_driver(string project) => References(project, "PackageReference").ShouldNotContain("Npgsql");

    [Fact]
    public void There_are_no_other_rooms() =>
        Directory.GetDirectories(Repo.PathOf("src")).Select(Path.GetFileName).Order().ShouldBe(["Dashboard", "Jobs", "Postgres", "Sandbox", "Worker"]);

    static IEnumerable<string> References(string project, string kind) =>
        XDocument.Load(Repo.PathOf("src", project, $"JobRunner.{project}.csproj")).Descendants(kind)
            .Select(element => element.Attribute("Include")!.Value);
}
