namespace JobRunner.Dashboard.Tests.Support;

/// <summary>A store as it looks on a working day.</summary>
static class RealisticStore
{
    /// <summary>Fills the store.</summary>
    /// <returns>The pages worth looking at, by name.</returns>
    public static async Task<IReadOnlyList<(string Name, string Path)>> FillAsync(Given given)
    {
        var pages = new List<(string, string)> { ("overview", ""), ("missing", "/4711000") };
        foreach (var state in JobStates.All)
            pages.Add((state, "/" + state.ToLowerInvariant()));
        given.Announce(Given.Server, "critical", "default", "mail-out");
        given.Announce("web-2:91:6f0de0a4-8f0d-4f30-95f1-1c2a3f1a9d10", "default");
        await WaitingAsync(given);
        foreach (var (name, id) in await SingleAsync(given))
            pages.Add((name, $"/{id}"));
        return pages;
    }

    static async Task WaitingAsync(Given given)
    {
        for (var i = 0; i < 64; i++)
        {
            var queue = (i % 7) switch { 0 => "critical", 1 or 2 => "mail-out", _ => "default" };
            await given.AddAsync(JobState.Enqueued(queue, Given.Now.AddSeconds(-i * 41), i % 9 == 0 ? StateReasons.Due : null), Mail(i));
        }

        for (var i = 0; i < 6; i++)
        {
            await given.JobAsync(JobStates.Awaiting, Mail(i), TimeSpan.FromMinutes(i));
            await given.JobAsync(JobStates.Scheduled, Mail(i), TimeSpan.FromHours(i));
            await given.JobAsync(JobStates.Processing, Given.Call("Encode", $"\"s03e0{i}.mov\"", "2160"), TimeSpan.FromSeconds(i * 9));
            await given.JobAsync(JobStates.Succeeded, Mail(i), TimeSpan.FromMinutes(i * 3));
            await given.JobAsync(JobStates.Failed, Given.Call("Encode", $"\"s02e0{i}.mov\"", "2160"), TimeSpan.FromMinutes(i * 13));
            await given.JobAsync(JobStates.Deleted, Mail(i), TimeSpan.FromHours(i));
        }
    }

    static async Task<IReadOnlyList<(string Name, long Id)>> SingleAsync(Given given)
    {
        var failed = await given.RunAsync(Order(), TimeSpan.FromMinutes(30), Given.FailedWith(Thrown(), TimeSpan.FromMinutes(30)));
        await given.LogAsync(failed, "Loading order 90210", "Payment provider answered 503, trying the second one", "Giving up");
        var retried = await given.RunAsync(Order(), TimeSpan.FromMinutes(4), Given.FailedWith(Thrown(), TimeSpan.FromMinutes(4)),
            JobState.Scheduled(Given.Now.AddSeconds(95), Given.Now.AddMinutes(-4), "Retry attempt 3 of 10: The payment provider did not answer…"));
        var running = await given.RunAsync(Given.Call("Encode", "\"s03e09.mov\"", "2160", null), TimeSpan.FromMinutes(2));
        await given.ProgressAsync(running, 0.62, "Second pass, frame 26,784 of 43,200");
        await given.LogAsync(running, [.. Enumerable.Range(1, 40).Select(i => $"Frame {i * 670:N0}: 118 fps, quantizer {20 + (i % 6)}, 3,871 kbit/s")]);
        var picture = await given.RunAsync(new("Demo.Mandelbrot, Demo", "Render", ["System.Double", "System.Double", "System.Int32"], ["-0.743", "0.131", "640"]),
            TimeSpan.FromSeconds(50), Given.SucceededWith($"\"data:image/png;base64,{Png.Gradient(640, 360)}\"", TimeSpan.FromSeconds(50)));
        var json = await given.RunAsync(Mail(3), TimeSpan.FromHours(2), Given.SucceededWith(
            "{\"Sent\":3,\"Recipients\":[\"ada@example.org\",\"grace@example.org\",\"edsger@example.org\"],\"Elapsed\":\"00:00:01.204\",\"Retries\":0,\"Bounced\":null}", TimeSpan.FromHours(2)));
        var waiting = await given.JobAsync(JobStates.Enqueued, new("Acme.Reports.IReport`1[[Acme.Reports.Yearly, Acme]], Acme", "BuildAsync",
            ["System.Collections.Generic.List`1[[System.Int32]], mscorlib", "System.DateTime", "System.Nullable`1[[System.Guid]], mscorlib", "System.Boolean", "JobRunner.IJobContext, JobRunner.Jobs"],
            ["[2021,2022,2023]", "\"2026-03-01T00:00:00Z\"", "null", "true", null]));
        return [("job-failed", failed), ("job-retried", retried), ("job-running", running), ("job-picture", picture), ("job-json", json), ("job-waiting", waiting)];
    }

    static Invocation Mail(int i) => new("Acme.Mail.Mailer, Acme.Mail", i % 3 == 0 ? "SendNewsletterAsync" : "SendAsync",
        ["System.String", "Acme.Mail.Template, Acme.Mail"],
        [$"\"customer-{i * 37}@example.org\"", "{\"Name\":\"welcome\",\"Language\":\"en\",\"Tags\":[\"spring\",\"trial\"]}"]);

    static Invocation Order() => new("Acme.Shop.Checkout+Handler, Acme.Shop", "ChargeAsync",
        ["Acme.Shop.Order, Acme.Shop", "System.Threading.CancellationToken, mscorlib"],
        ["{\"Id\":90210,\"Customer\":{\"Name\":\"Zoë Müller\",\"Address\":\"12 Long Street That Has A Very Long Name Indeed\"},\"Lines\":[{\"Sku\":\"A-1\",\"Count\":2},{\"Sku\":\"" + new string('X', 300) + "\",\"Count\":1}]}", null]);

    static InvalidOperationException Thrown()
    {
        try
        {
            try
            {
                throw new TimeoutException("The operation has timed out after 00:00:30.");
            }
            catch (TimeoutException e)
            {
                throw new InvalidOperationException("The payment provider did not answer; order 90210 was not charged.", e);
            }
        }
        catch (InvalidOperationException e)
        {
            return e;
        }
    }
}
