namespace JobRunner.InMemory;

sealed class InMemoryJobStore;
