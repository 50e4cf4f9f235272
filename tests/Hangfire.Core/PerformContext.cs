namespace Hangfire.Server;

public class PerformContext;
