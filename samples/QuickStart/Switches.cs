namespace QuickStart;

/// <summary>The command line.</summary>
sealed record Switches(string? Postgres, bool Demo, bool Exit, string Url)
{
    public static Switches? Parse(string[] args)
    {
        var switches = new Switches(null, false, false, "http://localhost:5080");
        for (var i = 0; i < args.Length; i++)
        {
            var value = i + 1 < args.Length ? args[i + 1] : null;
            switch (args[i])
            {
                case "--demo":
                    switches = switches with { Demo = true };
                    break;
                case "--exit":
                    switches = switches with { Exit = true };
                    break;
                case "--postgres" when value is not null:
                    switches = switches with { Postgres = value };
                    i++;
                    break;
                case "--url" when Uri.TryCreate(value, UriKind.Absolute, out _):
                    switches = switches with { Url = value!.TrimEnd('/') };
                    i++;
                    break;
                default:
                    if (args[i] is not ("--help" or "-h"))
                        Console.Error.WriteLine($"'{args[i]}' is not a switch of this program, or its value is missing.");
                    return null;
            }
        }

        return switches;
    }

    public static int Explain()
    {
        Console.Error.WriteLine("""
            QuickStart: a JobRunner worker, its dashboard and demo jobs in one process.

              --demo              enqueue the demo jobs and report how they ended
              --exit              end when the demo has ended
              --postgres "<...>"  keep jobs in this PostgreSQL database instead of in memory
              --url <address>     where to listen; default http://localhost:5080
            """);
        return 2;
    }
}
