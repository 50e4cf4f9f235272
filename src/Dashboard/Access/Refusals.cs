using Microsoft.AspNetCore.Http.HttpResults;


namespace JobRunner.Dashboard.Access;

/// <summary>Answers that show nothing of the store: plain text, which reads as well in a terminal as in a browser.</summary>
static class Refusals
{
    public static IResult NotAllowed() => Text(StatusCodes.Status403Forbidden, """
        The JobRunner dashboard does not let this request in.

        Unless configured, it answers requests from its own machine only, and none that came through a proxy.
        To open it to others, set DashboardOptions.Authorize:

            services.AddJobRunnerDashboard(o => o.Authorize = context => context.User.IsInRole("operator"));
        """);

    public static IResult NoToken() => Text(StatusCodes.Status400BadRequest, """
        The request carries no valid antiforgery token, so nothing was changed.

        Go back, reload the page and press the button again.
        """);

    public static IResult Broken() => Text(StatusCodes.Status500InternalServerError, """
        The dashboard could not answer: its log says why.

        If the store cannot be reached just now, reload this page in a moment.
        """);

    static ContentHttpResult Text(int status, string text) => TypedResults.Text(text + "\n", "text/plain; charset=utf-8", statusCode: status);
}
