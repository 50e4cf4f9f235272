// Most of these tests wait: for a lease that runs out, a worker that ends. Twice as many as there are processors keep two of them busy.
[assembly: CollectionBehavior(MaxParallelThreads = 4)]
