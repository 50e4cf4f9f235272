namespace JobRunner;

/// <summary>A stored call cannot be run here: its type is unknown or not allowed, its method is not there, or an argument
/// cannot be read. The message says which, and which setting to change.</summary>
public sealed class JobLoadException(string message, Exception? cause = null) : Exception(message, cause);
