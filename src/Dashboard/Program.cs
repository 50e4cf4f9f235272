using JobRunner.Dashboard;

return await DashboardProgram.RunAsync(args);
