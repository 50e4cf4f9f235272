namespace JobRunner.Sandbox;

/// <summary>A sandbox could not be started; the message says what was tried and what came of it.</summary>
public sealed class SandboxStartException(string message, Exception? cause = null) : Exception(message, cause);
