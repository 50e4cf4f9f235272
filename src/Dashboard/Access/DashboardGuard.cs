using JobRunner.Dashboard.Layout;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.Extensions.Options;

namespace JobRunner.Dashboard.Access;

/// <summary>Stands before every page: headers, who may come in, antiforgery on every change, and a page for what goes wrong.</summary>
sealed partial class DashboardGuard(IOptions<DashboardOptions> options, IAntiforgery antiforgery, ILogger<DashboardGuard> logger)
    : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        SecurityHeaders.Set(http.Response.Headers);
        if (!options.Value.Authorize(http))
            return Refusals.NotAllowed();
        if (HttpMethods.IsPost(http.Request.Method) && !await antiforgery.IsRequestValidAsync(http))
            return Refusals.NoToken();

        var page = http.RequestServices.GetRequiredService<PageRequest>();
        page.Locate(http);
        try
        {
            return await next(context);
        }
        catch (Exception e) when (e is not OperationCanceledException || !http.RequestAborted.IsCancellationRequested)
        {
            LogFailure(http.Request.Path, e);
            return Refusals.Broken();
        }
    }

    [LoggerMessage(1, LogLevel.Error, "The dashboard could not answer {Path}")]
    partial void LogFailure(string? path, Exception exception);
}
