// Most of these tests wait: for a lease that runs out, a worker that ends. One more than there are processors keeps two of them busy.
[assembly: CollectionBehavior(MaxParallelThreads = 3)]
