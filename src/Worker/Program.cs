using JobRunner.Worker;

return await WorkerProgram.RunAsync(args);
