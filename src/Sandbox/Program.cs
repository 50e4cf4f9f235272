using JobRunner.Sandbox;

return args is ["--stacks", var processId] ? StackDump.Run(processId) : SandboxChild.Run(args);
