namespace JobRunner.TestSupport;

/// <summary>Where this checkout lies, for tests that read its files.</summary>
public static class Repo
{
    public static string Root { get; } = Find();

    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "JobRunner.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException($"JobRunner.sln is not above {AppContext.BaseDirectory}: tests run from a checkout.");
    }
}
