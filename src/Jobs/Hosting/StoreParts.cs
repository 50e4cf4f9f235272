using JobRunner.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace JobRunner;

/// <summary>Registers the parts of the store. They are asked of the one that is registered as <see cref="IJobStore"/>, so whoever
/// replaces that one, or wraps it, reaches all who use a part.</summary>
static class StoreParts
{
    public static void AddStoreParts(this IServiceCollection services)
    {
        Add(services, store => store.Queue);
        Add(services, store => store.Actions);
        Add(services, store => store.Reader);
        Add(services, store => store.Maintenance);
        Add(services, store => store.Servers);
        Add(services, store => store.Notes);
        Add(services, store => store.Locks);
        Add(services, store => store.Recurring);
        Add(services, store => store.History);
    }

    static void Add<T>(IServiceCollection services, Func<IJobStore, T> part) where T : class =>
        services.TryAddSingleton(p => part(p.GetRequiredService<IJobStore>()));
}
