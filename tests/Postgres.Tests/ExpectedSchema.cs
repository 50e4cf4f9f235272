namespace JobRunner.Postgres.Tests;

/// <summary>Hangfire's schema version 23, as its own installer leaves it.</summary>
static class ExpectedSchema
{
    public static IEnumerable<string> Columns =>
    [
        .. Table("aggregatedcounter", Id, "key text not null", "value bigint not null", "expireat timestamp with time zone"),
        .. Table("counter", Id, "key text not null", "value bigint not null", "expireat timestamp with time zone"),
        .. Table("hash", Id, "key text not null", "field text not null", "value text", "expireat timestamp with time zone", Updates),
        .. Table("job", Id, "stateid bigint", "statename text", "invocationdata jsonb not null", "arguments jsonb not null",
            "createdat timestamp with time zone not null", "expireat timestamp with time zone", Updates),
        .. Table("jobparameter", Id, "jobid bigint not null", "name text not null", "value text", Updates),
        .. Table("jobqueue", Id, "jobid bigint not null", "queue text not null", "fetchedat timestamp with time zone", Updates),
        .. Table("list", Id, "key text not null", "value text", "expireat timestamp with time zone", Updates),
        .. Table("lock", "resource text not null", Updates, "acquired timestamp with time zone"),
        .. Table("schema", "version integer not null"),
        .. Table("server", "id text not null", "data jsonb", "lastheartbeat timestamp with time zone not null", Updates),
        .. Table("set", Id, "key text not null", "score double precision not null", "value text not null",
            "expireat timestamp with time zone", Updates),
        .. Table("state", Id, "jobid bigint not null", "name text not null", "reason text",
            "createdat timestamp with time zone not null", "data jsonb", Updates),
    ];

    public static IEnumerable<string> Indexes =>
    [
        "CREATE UNIQUE INDEX aggregatedcounter_key_key ON aggregatedcounter USING btree (key)",
        "CREATE UNIQUE INDEX aggregatedcounter_pkey ON aggregatedcounter USING btree (id)",
        "CREATE UNIQUE INDEX counter_pkey ON counter USING btree (id)",
        "CREATE UNIQUE INDEX hash_key_field_key ON hash USING btree (key, field)",
        "CREATE UNIQUE INDEX hash_pkey ON hash USING btree (id)",
        "CREATE INDEX ix_hangfire_counter_expireat ON counter USING btree (expireat)",
        "CREATE INDEX ix_hangfire_counter_key ON counter USING btree (key)",
        "CREATE INDEX ix_hangfire_hash_expireat ON hash USING btree (expireat)",
        "CREATE INDEX ix_hangfire_job_expireat ON job USING btree (expireat)",
        "CREATE INDEX ix_hangfire_job_statename ON job USING btree (statename)",
        "CREATE INDEX ix_hangfire_job_statename_is_not_null ON job USING btree (statename) INCLUDE (id) WHERE (statename IS NOT NULL)",
        "CREATE INDEX ix_hangfire_jobparameter_jobidandname ON jobparameter USING btree (jobid, name)",
        "CREATE INDEX ix_hangfire_jobqueue_fetchedat_queue_jobid ON jobqueue USING btree (fetchedat NULLS FIRST, queue, jobid)",
        "CREATE INDEX ix_hangfire_jobqueue_jobidandqueue ON jobqueue USING btree (jobid, queue)",
        "CREATE INDEX ix_hangfire_jobqueue_queueandfetchedat ON jobqueue USING btree (queue, fetchedat)",
        "CREATE INDEX ix_hangfire_list_expireat ON list USING btree (expireat)",
        "CREATE INDEX ix_hangfire_set_expireat ON set USING btree (expireat)",
        "CREATE INDEX ix_hangfire_set_key_score ON set USING btree (key, score)",
        "CREATE INDEX ix_hangfire_state_jobid ON state USING btree (jobid)",
        "CREATE UNIQUE INDEX job_pkey ON job USING btree (id)",
        "CREATE UNIQUE INDEX jobparameter_pkey ON jobparameter USING btree (id)",
        "CREATE UNIQUE INDEX jobqueue_pkey ON jobqueue USING btree (id)",
        "CREATE UNIQUE INDEX list_pkey ON list USING btree (id)",
        "CREATE UNIQUE INDEX lock_resource_key ON lock USING btree (resource)",
        "CREATE UNIQUE INDEX schema_pkey ON schema USING btree (version)",
        "CREATE UNIQUE INDEX server_pkey ON server USING btree (id)",
        "CREATE UNIQUE INDEX set_key_value_key ON set USING btree (key, value)",
        "CREATE UNIQUE INDEX set_pkey ON set USING btree (id)",
        "CREATE UNIQUE INDEX state_pkey ON state USING btree (id)",
    ];

    public static IEnumerable<string> ForeignKeys =>
    [
        "jobparameter_jobid_fkey FOREIGN KEY (jobid) REFERENCES hangfire.job(id) ON UPDATE CASCADE ON DELETE CASCADE",
        "state_jobid_fkey FOREIGN KEY (jobid) REFERENCES hangfire.job(id) ON UPDATE CASCADE ON DELETE CASCADE",
    ];

    public static IEnumerable<string> Sequences =>
        from table in new[] { "aggregatedcounter", "counter", "hash", "job", "jobparameter", "jobqueue", "list", "set", "state" }
        select $"{table}_id_seq bigint";

    const string Id = "id";
    const string Updates = "updatecount integer not null default 0";

    static IEnumerable<string> Table(string table, params string[] columns) => columns.Select(column =>
        $"{table}." + (column == Id ? $"id bigint not null default nextval('hangfire.{table}_id_seq'::regclass)" : column));
}
