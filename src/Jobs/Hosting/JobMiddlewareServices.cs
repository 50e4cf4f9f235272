using Microsoft.Extensions.DependencyInjection;

namespace JobRunner;

/// <summary>Registers middleware.</summary>
public static class JobMiddlewareServices
{
    /// <summary>Wraps every run of every job; what is added first is outermost. Add it in an <see cref="IJobModule"/>, or it wraps only
    /// the jobs that run in the worker's own process.</summary>
    public static IServiceCollection AddJobMiddleware<T>(this IServiceCollection services) where T : class, IJobMiddleware
    {
        ArgumentNullException.ThrowIfNull(services);
        return services.AddScoped<IJobMiddleware, T>();
    }
}
