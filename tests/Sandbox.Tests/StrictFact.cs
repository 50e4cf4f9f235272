namespace JobRunner.Sandbox.Tests;

/// <summary>A test that needs namespaces; where none can be made it is skipped with the reason.</summary>
sealed class StrictFactAttribute : FactAttribute
{
    static readonly Lazy<string?> WhyNot = new(Try);

    public StrictFactAttribute() => (Skip, Timeout) = (WhyNot.Value, 60_000);

    static string? Try()
    {
        try
        {
            StrictMode.Find();
            return null;
        }
        catch (SandboxStartException e)
        {
            return e.Message;
        }
    }
}
