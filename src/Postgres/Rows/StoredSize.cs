namespace JobRunner.Postgres;

/// <summary>How much is stored in a column of a row, without reading it.</summary>
static class StoredSize
{
    /// <summary>About how many bytes a value has: what is compressed may have several times as many as it takes on disk, and asking for the exact
    /// number would be to read it.</summary>
    public static string Of(string column) => $"pg_column_size({column}) * case when pg_column_compression({column}) is null then 1 else 4 end::bigint";
}
