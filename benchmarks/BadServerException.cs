namespace JobRunner.Benchmarks;

/// <summary>The server that was named cannot be used.</summary>
sealed class BadServerException(string message, Exception cause) : Exception(message, cause);
