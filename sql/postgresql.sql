-- Trustlog's schema, version 1, for PostgreSQL 13 or later. Idempotent: what is there already stays as it is.
-- `trustlog migrate` runs this very text. sql/README.md describes every table, column and index.
--
-- Tables are made in the first schema of the search_path that exists. Safe when several run it at once: the lock below is
-- held until the transaction ends.

BEGIN;
SET LOCAL client_min_messages = warning;

DO $$
BEGIN
    -- The number is "trustlog" in ASCII.
    PERFORM pg_advisory_xact_lock(8390898194479607655);
    IF getdatabaseencoding() <> 'UTF8' THEN
        RAISE EXCEPTION 'trustlog needs a database with the encoding UTF8, this one has %', getdatabaseencoding()
            USING HINT = 'Make one with: CREATE DATABASE trustlog ENCODING ''UTF8'' TEMPLATE template0';
    END IF;
END
$$;

CREATE TABLE IF NOT EXISTS operation (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,

    op_id text COLLATE "C" NOT NULL UNIQUE
        CONSTRAINT op_id_has_1_to_128_bytes CHECK (octet_length(op_id) BETWEEN 1 AND 128)
        CONSTRAINT op_id_has_no_control_character CHECK (op_id !~ '[\u0001-\u001f\u007f-\u009f]'),
    op_timestamp timestamptz(6) NOT NULL
        CONSTRAINT op_timestamp_is_between_1970_and_9999
            CHECK (op_timestamp >= timestamptz '1970-01-01 00:00:00+00'
                AND op_timestamp < timestamptz '10000-01-01 00:00:00+00'),
    op_source text NOT NULL
        CONSTRAINT op_source_has_1_to_64_bytes CHECK (octet_length(op_source) BETWEEN 1 AND 64),
    op_type text NOT NULL
        CONSTRAINT op_type_has_1_to_64_bytes CHECK (octet_length(op_type) BETWEEN 1 AND 64),
    do_prefix text NOT NULL
        CONSTRAINT do_prefix_has_1_to_256_bytes CHECK (octet_length(do_prefix) BETWEEN 1 AND 256),
    do_repository text NOT NULL
        CONSTRAINT do_repository_has_1_to_256_bytes CHECK (octet_length(do_repository) BETWEEN 1 AND 256),
    doid text NOT NULL
        CONSTRAINT doid_has_1_to_512_bytes CHECK (octet_length(doid) BETWEEN 1 AND 512),
    producer_id text NOT NULL
        CONSTRAINT producer_id_has_1_to_256_bytes CHECK (octet_length(producer_id) BETWEEN 1 AND 256),
    op_actor text NOT NULL
        CONSTRAINT op_actor_has_1_to_256_bytes CHECK (octet_length(op_actor) BETWEEN 1 AND 256),
    request_body_hash text
        CONSTRAINT request_body_hash_has_at_most_256_bytes CHECK (octet_length(request_body_hash) <= 256),
    response_body_hash text
        CONSTRAINT response_body_hash_has_at_most_256_bytes CHECK (octet_length(response_body_hash) <= 256),
    -- Text, as written. The cast to inet refuses what is no address; it would take a mask.
    client_ip text
        CONSTRAINT client_ip_is_an_ip
            CHECK (octet_length(client_ip) <= 45 AND strpos(client_ip, '/') = 0 AND family(client_ip::inet) IN (4, 6)),
    server_ip text
        CONSTRAINT server_ip_is_an_ip
            CHECK (octet_length(server_ip) <= 45 AND strpos(server_ip, '/') = 0 AND family(server_ip::inet) IN (4, 6)),
    -- One JSON object in RFC 8785 form. Text: jsonb would change numbers and refuse \u0000.
    extra text
        CONSTRAINT extra_has_at_most_64_kib CHECK (octet_length(extra) <= 65536)
        -- With nothing around its braces, as the other databases have it.
        CONSTRAINT extra_is_a_json_object CHECK (extra LIKE '{%}' AND json_typeof(extra::json) = 'object'),

    -- Where the operation came from; all null in a row that an application wrote.
    source_topic text,
    source_partition integer,
    source_offset bigint,
    source_digest text
        -- Not a regular expression: one with {64} costs 80 times as much.
        CONSTRAINT source_digest_is_a_sha256_in_lower_case
            CHECK (octet_length(source_digest) = 64 AND encode(decode(source_digest, 'hex'), 'hex') = source_digest),
    -- A JSON object of the headers to pass on, null if there are none.
    headers text
        CONSTRAINT headers_is_a_json_object CHECK (json_typeof(headers::json) = 'object'),

    trustlog_status text NOT NULL DEFAULT 'NOT_TRUSTLOGGED'
        CONSTRAINT trustlog_status_is_known
            CHECK (trustlog_status IN ('NOT_TRUSTLOGGED', 'FAILED', 'TRUSTLOGGED', 'NOT_REQUIRED', 'DISCARDED')),
    trustlogged_at timestamptz(6),
    trustlog_partition integer,
    trustlog_offset bigint,
    recorded_at timestamptz(6) NOT NULL DEFAULT clock_timestamp()
        CONSTRAINT recorded_at_is_between_1970_and_9999
            CHECK (recorded_at >= timestamptz '1970-01-01 00:00:00+00'
                AND recorded_at < timestamptz '10000-01-01 00:00:00+00'),
    -- The share of a cursor worker: all rows of one doid are in one bucket.
    bucket integer GENERATED ALWAYS AS (hashtext(doid) & 255) STORED,

    CONSTRAINT source_is_complete_or_absent
        CHECK (num_nulls(source_topic, source_partition, source_offset, source_digest) IN (0, 4))
);

-- What the cursor worker scans and what `status` counts.
CREATE INDEX IF NOT EXISTS operation_waiting ON operation (seq) INCLUDE (bucket)
    WHERE trustlog_status = 'NOT_TRUSTLOGGED';

-- What `status` counts of the failed rows.
CREATE INDEX IF NOT EXISTS operation_failed ON operation (op_id) INCLUDE (recorded_at) WHERE trustlog_status = 'FAILED';

-- What `status` counts of the rows that are not published and do not have to be.
CREATE INDEX IF NOT EXISTS operation_aside ON operation (trustlog_status)
    WHERE trustlog_status = 'NOT_REQUIRED' OR trustlog_status = 'DISCARDED';

-- How many rows wait changes faster than statistics do. Without any the planner takes them to be few, always, and so never
-- prefers the primary key to the index of the waiting rows.
ALTER TABLE operation ALTER COLUMN trustlog_status SET STATISTICS 0;

CREATE TABLE IF NOT EXISTS trustlog_retry (
    op_id text COLLATE "C" PRIMARY KEY,
    retry_status text NOT NULL DEFAULT 'PENDING'
        CONSTRAINT retry_status_is_known CHECK (retry_status IN ('PENDING', 'DEAD_LETTER')),
    retry_count integer NOT NULL DEFAULT 0
        CONSTRAINT retry_count_is_not_negative CHECK (retry_count >= 0),
    next_retry_at timestamptz(6),
    last_error text,
    first_failed_at timestamptz(6) NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz(6) NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT pending_retry_has_a_time CHECK (retry_status <> 'PENDING' OR next_retry_at IS NOT NULL)
);

-- What the retry worker claims, the oldest due first, and what `status` counts.
CREATE INDEX IF NOT EXISTS trustlog_retry_due ON trustlog_retry (next_retry_at) WHERE retry_status = 'PENDING';

-- What `retries list` pages through, the longest failing first.
CREATE INDEX IF NOT EXISTS trustlog_retry_age ON trustlog_retry (first_failed_at, op_id);

-- Half of each page stays free, so that an update finds room beside its row and needs no new index entry.
CREATE TABLE IF NOT EXISTS trustlog_cursor (
    cursor_key text COLLATE "C" PRIMARY KEY,
    cursor_value text,
    owner text,
    lease_until timestamptz(6),
    updated_at timestamptz(6) NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);

CREATE TABLE IF NOT EXISTS trustlog_consumer_offset (
    group_id text COLLATE "C",
    topic text COLLATE "C",
    partition_id integer,
    next_offset bigint NOT NULL,
    updated_at timestamptz(6) NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (group_id, topic, partition_id)
) WITH (fillfactor = 50);

CREATE TABLE IF NOT EXISTS trustlog_schema (
    version integer PRIMARY KEY,
    compatible_from integer NOT NULL,
    database_id text NOT NULL,
    applied_at timestamptz(6) NOT NULL DEFAULT clock_timestamp()
);

-- The identity is made once; whoever comes later finds it.
INSERT INTO trustlog_schema (version, compatible_from, database_id)
SELECT 1, 1, replace(gen_random_uuid()::text, '-', '') WHERE NOT EXISTS (SELECT FROM trustlog_schema);

COMMIT;
