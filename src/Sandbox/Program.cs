using JobRunner.Sandbox;

return args is ["--stacks", var processId] ? await StackDump.RunAsync(processId) : await SandboxChild.RunAsync(args);
