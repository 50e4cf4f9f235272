// Some tests count the processes and descriptors of the whole test process.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
