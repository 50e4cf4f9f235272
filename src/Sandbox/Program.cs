using JobRunner.Sandbox;

return await SandboxChild.RunAsync(args);
