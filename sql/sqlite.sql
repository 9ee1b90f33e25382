-- Trustlog's schema, version 1, for SQLite 3.35 or later. Idempotent: what is there already stays as it is.
-- `trustlog migrate` runs this very text in one transaction. sql/README.md describes every table, column and index.
--
-- Times are text in UTC. Trustlog writes YYYY-MM-DDThh:mm:ss.ffffffZ; the space instead of the T, a shorter fraction and a
-- missing Z, as SQLite's own date functions write them, are read as well.

CREATE TABLE IF NOT EXISTS operation (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,

    op_id TEXT NOT NULL UNIQUE
        CONSTRAINT op_id_is_text_of_1_to_128_bytes
            CHECK (typeof(op_id) = 'text' AND length(CAST(op_id AS BLOB)) BETWEEN 1 AND 128)
        CONSTRAINT op_id_has_no_control_character
            CHECK (instr(op_id, char(0)) = 0 AND (op_id NOT GLOB '*[^ -~]*'
                OR op_id NOT GLOB '*[' || char(1) || '-' || char(31) || char(127) || '-' || char(159) || ']*')),
    op_timestamp TEXT NOT NULL
        CONSTRAINT op_timestamp_is_a_time_in_utc
            CHECK (typeof(op_timestamp) = 'text'
                AND op_timestamp GLOB '[1-9]???-??-??[T ]??:??:??*'
                AND op_timestamp >= '1970' AND substr(op_timestamp, 12, 2) <= '23'
                AND julianday(substr(op_timestamp, 1, 19)) IS NOT NULL
                AND rtrim(rtrim(substr(op_timestamp, 20), 'Z'), '0123456789') IN ('', '.')
                AND substr(op_timestamp, -1, 1) <> '.' AND substr(op_timestamp, -2, 2) NOT IN ('.Z', 'ZZ')
                AND (substr(op_timestamp, 9, 2) <= '28'
                    OR substr(op_timestamp, 1, 10) IS strftime('%Y-%m-%d', substr(op_timestamp, 1, 10), '+0 days'))),
    op_source TEXT NOT NULL
        CONSTRAINT op_source_is_text_of_1_to_64_bytes
            CHECK (typeof(op_source) = 'text' AND length(CAST(op_source AS BLOB)) BETWEEN 1 AND 64
                AND instr(op_source, char(0)) = 0),
    op_type TEXT NOT NULL
        CONSTRAINT op_type_is_text_of_1_to_64_bytes
            CHECK (typeof(op_type) = 'text' AND length(CAST(op_type AS BLOB)) BETWEEN 1 AND 64
                AND instr(op_type, char(0)) = 0),
    do_prefix TEXT NOT NULL
        CONSTRAINT do_prefix_is_text_of_1_to_256_bytes
            CHECK (typeof(do_prefix) = 'text' AND length(CAST(do_prefix AS BLOB)) BETWEEN 1 AND 256
                AND instr(do_prefix, char(0)) = 0),
    do_repository TEXT NOT NULL
        CONSTRAINT do_repository_is_text_of_1_to_256_bytes
            CHECK (typeof(do_repository) = 'text' AND length(CAST(do_repository AS BLOB)) BETWEEN 1 AND 256
                AND instr(do_repository, char(0)) = 0),
    doid TEXT NOT NULL
        CONSTRAINT doid_is_text_of_1_to_512_bytes
            CHECK (typeof(doid) = 'text' AND length(CAST(doid AS BLOB)) BETWEEN 1 AND 512
                AND instr(doid, char(0)) = 0),
    producer_id TEXT NOT NULL
        CONSTRAINT producer_id_is_text_of_1_to_256_bytes
            CHECK (typeof(producer_id) = 'text' AND length(CAST(producer_id AS BLOB)) BETWEEN 1 AND 256
                AND instr(producer_id, char(0)) = 0),
    op_actor TEXT NOT NULL
        CONSTRAINT op_actor_is_text_of_1_to_256_bytes
            CHECK (typeof(op_actor) = 'text' AND length(CAST(op_actor AS BLOB)) BETWEEN 1 AND 256
                AND instr(op_actor, char(0)) = 0),
    request_body_hash TEXT
        CONSTRAINT request_body_hash_is_text_of_0_to_256_bytes
            CHECK (request_body_hash IS NULL
                OR typeof(request_body_hash) = 'text' AND length(CAST(request_body_hash AS BLOB)) <= 256
                AND instr(request_body_hash, char(0)) = 0),
    response_body_hash TEXT
        CONSTRAINT response_body_hash_is_text_of_0_to_256_bytes
            CHECK (response_body_hash IS NULL
                OR typeof(response_body_hash) = 'text' AND length(CAST(response_body_hash AS BLOB)) <= 256
                AND instr(response_body_hash, char(0)) = 0),
    client_ip TEXT
        CONSTRAINT client_ip_looks_like_an_ip
            CHECK (client_ip IS NULL
                OR typeof(client_ip) = 'text' AND length(CAST(client_ip AS BLOB)) BETWEEN 2 AND 45
                AND client_ip NOT GLOB '*[^0-9A-Fa-f.:]*' AND instr(client_ip, char(0)) = 0),
    server_ip TEXT
        CONSTRAINT server_ip_looks_like_an_ip
            CHECK (server_ip IS NULL
                OR typeof(server_ip) = 'text' AND length(CAST(server_ip AS BLOB)) BETWEEN 2 AND 45
                AND server_ip NOT GLOB '*[^0-9A-Fa-f.:]*' AND instr(server_ip, char(0)) = 0),
    -- One JSON object in RFC 8785 form: it begins with its brace.
    extra TEXT
        CONSTRAINT extra_is_a_json_object_of_at_most_64_kib
            CHECK (extra IS NULL
                OR typeof(extra) = 'text' AND length(CAST(extra AS BLOB)) <= 65536
                AND substr(extra, 1, 1) = '{' AND substr(extra, -1, 1) = '}' AND instr(extra, char(0)) = 0
                AND json_valid(extra)),

    -- Where the operation came from; all null in a row that an application wrote.
    source_topic TEXT CHECK (source_topic IS NULL OR typeof(source_topic) = 'text'),
    source_partition INTEGER CHECK (source_partition IS NULL OR typeof(source_partition) = 'integer'),
    source_offset INTEGER CHECK (source_offset IS NULL OR typeof(source_offset) = 'integer'),
    source_digest TEXT
        CONSTRAINT source_digest_is_a_sha256_in_lower_case
            CHECK (source_digest IS NULL
                OR typeof(source_digest) = 'text' AND length(CAST(source_digest AS BLOB)) = 64
                AND source_digest NOT GLOB '*[^0-9a-f]*'),
    -- A JSON object of the headers to pass on, null if there are none.
    headers TEXT
        CONSTRAINT headers_is_a_json_object
            CHECK (headers IS NULL
                OR typeof(headers) = 'text' AND substr(headers, 1, 1) = '{' AND substr(headers, -1, 1) = '}'
                AND instr(headers, char(0)) = 0),

    trustlog_status TEXT NOT NULL DEFAULT 'NOT_TRUSTLOGGED'
        CONSTRAINT trustlog_status_is_known
            -- Not IN: SQLite would build its list anew for each row.
            CHECK (trustlog_status = 'NOT_TRUSTLOGGED' OR trustlog_status = 'TRUSTLOGGED'
                OR trustlog_status = 'FAILED' OR trustlog_status = 'NOT_REQUIRED' OR trustlog_status = 'DISCARDED'),
    trustlogged_at TEXT,
    trustlog_partition INTEGER CHECK (trustlog_partition IS NULL OR typeof(trustlog_partition) = 'integer'),
    trustlog_offset INTEGER CHECK (trustlog_offset IS NULL OR typeof(trustlog_offset) = 'integer'),
    recorded_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z')
        CONSTRAINT recorded_at_is_a_time_in_utc
            CHECK (typeof(recorded_at) = 'text' AND recorded_at GLOB '[1-9]???-??-??[T ]??:??:??*'
                AND julianday(substr(recorded_at, 1, 19)) IS NOT NULL),
    -- The share of a cursor worker. One file has one writer, so there is one bucket.
    bucket INTEGER GENERATED ALWAYS AS (0) VIRTUAL,

    CONSTRAINT source_is_complete_or_absent
        CHECK ((source_topic IS NULL) = (source_partition IS NULL)
            AND (source_topic IS NULL) = (source_offset IS NULL)
            AND (source_topic IS NULL) = (source_digest IS NULL))
);

-- What the cursor worker scans, and what `status` counts and finds the oldest of, without a look at the rows.
CREATE INDEX IF NOT EXISTS operation_waiting ON operation (seq, recorded_at)
    WHERE trustlog_status = 'NOT_TRUSTLOGGED';

-- What `status` counts of the failed rows.
CREATE INDEX IF NOT EXISTS operation_failed ON operation (op_id, recorded_at) WHERE trustlog_status = 'FAILED';

-- What `status` counts of the rows that are not published and do not have to be.
CREATE INDEX IF NOT EXISTS operation_aside ON operation (trustlog_status)
    WHERE (trustlog_status = 'NOT_REQUIRED' OR trustlog_status = 'DISCARDED');

CREATE TABLE IF NOT EXISTS trustlog_retry (
    op_id TEXT NOT NULL PRIMARY KEY,
    retry_status TEXT NOT NULL DEFAULT 'PENDING'
        CONSTRAINT retry_status_is_known CHECK (retry_status IN ('PENDING', 'DEAD_LETTER')),
    retry_count INTEGER NOT NULL DEFAULT 0
        CONSTRAINT retry_count_is_a_number CHECK (typeof(retry_count) = 'integer' AND retry_count >= 0),
    next_retry_at TEXT
        CONSTRAINT next_retry_at_is_a_time_in_utc
            CHECK (next_retry_at IS NULL
                OR next_retry_at GLOB '[1-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-5][0-9]:[0-5][0-9]*'),
    last_error TEXT,
    first_failed_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z')
        CONSTRAINT first_failed_at_is_a_time_in_utc
            CHECK (first_failed_at GLOB '[1-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-5][0-9]:[0-5][0-9]*'),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z'),
    CONSTRAINT pending_retry_has_a_time CHECK (retry_status <> 'PENDING' OR next_retry_at IS NOT NULL)
);

-- What the retry worker claims, the oldest due first, and what `status` counts.
CREATE INDEX IF NOT EXISTS trustlog_retry_due ON trustlog_retry (retry_status, next_retry_at);

-- What `retries list` pages through, the longest failing first.
CREATE INDEX IF NOT EXISTS trustlog_retry_age ON trustlog_retry (replace(first_failed_at, ' ', 'T'), op_id);

CREATE TABLE IF NOT EXISTS trustlog_cursor (
    cursor_key TEXT NOT NULL PRIMARY KEY,
    cursor_value TEXT,
    owner TEXT,
    lease_until TEXT,
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z')
);

CREATE TABLE IF NOT EXISTS trustlog_consumer_offset (
    group_id TEXT NOT NULL,
    topic TEXT NOT NULL,
    partition_id INTEGER NOT NULL,
    next_offset INTEGER NOT NULL,
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z'),
    PRIMARY KEY (group_id, topic, partition_id)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS trustlog_schema (
    version INTEGER NOT NULL PRIMARY KEY,
    compatible_from INTEGER NOT NULL,
    database_id TEXT NOT NULL,
    applied_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z')
);

-- The identity is made once; whoever comes later finds it.
INSERT OR IGNORE INTO trustlog_schema (version, compatible_from, database_id)
SELECT 1, 1, lower(hex(randomblob(16))) WHERE NOT EXISTS (SELECT 1 FROM trustlog_schema);
