#pragma warning disable
namespace JobRunner; public static class PgExt { public static JobRunnerBuilder UsePostgres(this JobRunnerBuilder b, string cs) => b; }
