namespace JobRunner;

static class CronText { public static string Of(CronSchedule s) => s.ToString(); }
