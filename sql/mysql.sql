-- Trustlog's schema, version 1, for MariaDB 10.6 or later and MySQL 8.0.17 or later. Idempotent: what is there already stays
-- as it is. `trustlog migrate` runs this very text. sql/README.md describes every table, column and index.
--
-- Times are in UTC, whatever the time zone of server and session. Text is compared byte by byte: the collation that does so
-- without padding has a name of its own on each server. Columns are one character longer than what is allowed, so that a
-- session without strict mode, which cuts what is too long, is refused as well.

CREATE TABLE IF NOT EXISTS operation (
    seq BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,

    op_id VARCHAR(129) NOT NULL,
    op_timestamp DATETIME(6) NOT NULL,
    op_source VARCHAR(65) NOT NULL,
    op_type VARCHAR(65) NOT NULL,
    do_prefix VARCHAR(257) NOT NULL,
    do_repository VARCHAR(257) NOT NULL,
    doid VARCHAR(513) NOT NULL,
    producer_id VARCHAR(257) NOT NULL,
    op_actor VARCHAR(257) NOT NULL,
    request_body_hash VARCHAR(257),
    response_body_hash VARCHAR(257),
    -- Text, as written.
    client_ip VARCHAR(46),
    server_ip VARCHAR(46),
    -- One JSON object in RFC 8785 form. Text: the type JSON would change numbers and the order of members.
    extra MEDIUMTEXT,

    -- Where the operation came from; all null in a row that an application wrote.
    source_topic VARCHAR(249),
    source_partition INT,
    source_offset BIGINT,
    source_digest VARCHAR(65),
    -- A JSON object of the headers to pass on, null if there are none.
    headers MEDIUMTEXT,

    trustlog_status ENUM('NOT_TRUSTLOGGED', 'FAILED', 'TRUSTLOGGED', 'NOT_REQUIRED', 'DISCARDED')
        NOT NULL DEFAULT 'NOT_TRUSTLOGGED',
    trustlogged_at DATETIME(6),
    trustlog_partition INT,
    trustlog_offset BIGINT,
    recorded_at DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)),
    -- The share of a cursor worker: all rows of one doid are in one bucket.
    bucket SMALLINT UNSIGNED GENERATED ALWAYS AS (CRC32(doid) & 255) STORED,

    UNIQUE KEY operation_op_id (op_id),
    -- What the cursor worker scans and what `status` counts.
    KEY operation_waiting (trustlog_status, seq, bucket),

    CONSTRAINT op_id_has_1_to_128_bytes CHECK (OCTET_LENGTH(op_id) BETWEEN 1 AND 128 AND LOCATE(X'00', op_id) = 0),
    -- A class by its name: a pattern with a backslash would mean something else under NO_BACKSLASH_ESCAPES.
    CONSTRAINT op_id_has_no_control_character CHECK (op_id NOT REGEXP '[[:cntrl:]]'),
    CONSTRAINT op_timestamp_is_between_1970_and_9999 CHECK (op_timestamp >= '1970-01-01 00:00:00'),
    CONSTRAINT op_source_has_1_to_64_bytes CHECK (OCTET_LENGTH(op_source) BETWEEN 1 AND 64 AND LOCATE(X'00', op_source) = 0),
    CONSTRAINT op_type_has_1_to_64_bytes CHECK (OCTET_LENGTH(op_type) BETWEEN 1 AND 64 AND LOCATE(X'00', op_type) = 0),
    CONSTRAINT do_prefix_has_1_to_256_bytes CHECK (OCTET_LENGTH(do_prefix) BETWEEN 1 AND 256 AND LOCATE(X'00', do_prefix) = 0),
    CONSTRAINT do_repository_has_1_to_256_bytes CHECK (OCTET_LENGTH(do_repository) BETWEEN 1 AND 256 AND LOCATE(X'00', do_repository) = 0),
    CONSTRAINT doid_has_1_to_512_bytes CHECK (OCTET_LENGTH(doid) BETWEEN 1 AND 512 AND LOCATE(X'00', doid) = 0),
    CONSTRAINT producer_id_has_1_to_256_bytes CHECK (OCTET_LENGTH(producer_id) BETWEEN 1 AND 256 AND LOCATE(X'00', producer_id) = 0),
    CONSTRAINT op_actor_has_1_to_256_bytes CHECK (OCTET_LENGTH(op_actor) BETWEEN 1 AND 256 AND LOCATE(X'00', op_actor) = 0),
    CONSTRAINT request_body_hash_has_0_to_256_bytes CHECK (request_body_hash IS NULL OR OCTET_LENGTH(request_body_hash) <= 256 AND LOCATE(X'00', request_body_hash) = 0),
    CONSTRAINT response_body_hash_has_0_to_256_bytes CHECK (response_body_hash IS NULL OR OCTET_LENGTH(response_body_hash) <= 256 AND LOCATE(X'00', response_body_hash) = 0),
    -- IS_IPV6 takes nothing above 39 bytes on MariaDB: the IPv4 address that may stand at the end is looked at by itself.
    CONSTRAINT client_ip_is_an_ip
        CHECK (client_ip IS NULL OR OCTET_LENGTH(client_ip) <= 45 AND (IS_IPV4(client_ip) OR IS_IPV6(client_ip)
            OR IS_IPV4(SUBSTRING_INDEX(client_ip, ':', -1)) AND IS_IPV6(CONCAT(
                LEFT(client_ip, CHAR_LENGTH(client_ip) - CHAR_LENGTH(SUBSTRING_INDEX(client_ip, ':', -1))), '0:0')))),
    CONSTRAINT server_ip_is_an_ip
        CHECK (server_ip IS NULL OR OCTET_LENGTH(server_ip) <= 45 AND (IS_IPV4(server_ip) OR IS_IPV6(server_ip)
            OR IS_IPV4(SUBSTRING_INDEX(server_ip, ':', -1)) AND IS_IPV6(CONCAT(
                LEFT(server_ip, CHAR_LENGTH(server_ip) - CHAR_LENGTH(SUBSTRING_INDEX(server_ip, ':', -1))), '0:0')))),
    -- JSON_VALID stops at 32 levels on MariaDB; 64 are allowed.
    CONSTRAINT extra_is_a_json_object_of_at_most_64_kib
        CHECK (extra IS NULL OR OCTET_LENGTH(extra) <= 65536 AND LEFT(extra, 1) = '{' AND RIGHT(extra, 1) = '}'
            AND LOCATE(X'00', extra) = 0),
    CONSTRAINT headers_is_a_json_object
        CHECK (headers IS NULL OR LEFT(headers, 1) = '{' AND RIGHT(headers, 1) = '}'),
    CONSTRAINT source_digest_is_a_sha256_in_lower_case
        CHECK (source_digest IS NULL OR OCTET_LENGTH(source_digest) = 64 AND source_digest NOT REGEXP '[^0-9a-f]'),
    CONSTRAINT source_is_complete_or_absent
        CHECK ((source_topic IS NULL) = (source_partition IS NULL) AND (source_topic IS NULL) = (source_offset IS NULL)
            AND (source_topic IS NULL) = (source_digest IS NULL)),
    -- A session without strict mode would store an unknown status as the empty one.
    CONSTRAINT trustlog_status_is_known CHECK (trustlog_status <> '')
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4
    /*!80017 COLLATE = utf8mb4_0900_bin */ /*M!100600 COLLATE = utf8mb4_nopad_bin */;

CREATE TABLE IF NOT EXISTS trustlog_retry (
    op_id VARCHAR(129) NOT NULL PRIMARY KEY,
    retry_status ENUM('PENDING', 'DEAD_LETTER') NOT NULL DEFAULT 'PENDING',
    retry_count INT NOT NULL DEFAULT 0,
    next_retry_at DATETIME(6),
    last_error MEDIUMTEXT,
    first_failed_at DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)),
    updated_at DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)),

    -- What the retry worker claims, the oldest due first, and what `status` counts.
    KEY trustlog_retry_due (retry_status, next_retry_at),
    -- What `retries list` pages through, the longest failing first.
    KEY trustlog_retry_age (first_failed_at, op_id),

    CONSTRAINT retry_status_is_known CHECK (retry_status <> ''),
    CONSTRAINT retry_count_is_not_negative CHECK (retry_count >= 0),
    CONSTRAINT pending_retry_has_a_time CHECK (retry_status <> 'PENDING' OR next_retry_at IS NOT NULL)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4
    /*!80017 COLLATE = utf8mb4_0900_bin */ /*M!100600 COLLATE = utf8mb4_nopad_bin */;

CREATE TABLE IF NOT EXISTS trustlog_cursor (
    cursor_key VARCHAR(255) NOT NULL PRIMARY KEY,
    cursor_value TEXT,
    owner VARCHAR(255),
    lease_until DATETIME(6),
    updated_at DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6))
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4
    /*!80017 COLLATE = utf8mb4_0900_bin */ /*M!100600 COLLATE = utf8mb4_nopad_bin */;

CREATE TABLE IF NOT EXISTS trustlog_consumer_offset (
    group_id VARCHAR(255) NOT NULL,
    topic VARCHAR(249) NOT NULL,
    partition_id INT NOT NULL,
    next_offset BIGINT NOT NULL,
    updated_at DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)),
    PRIMARY KEY (group_id, topic, partition_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4
    /*!80017 COLLATE = utf8mb4_0900_bin */ /*M!100600 COLLATE = utf8mb4_nopad_bin */;

CREATE TABLE IF NOT EXISTS trustlog_schema (
    version INT NOT NULL PRIMARY KEY,
    compatible_from INT NOT NULL,
    database_id VARCHAR(64) NOT NULL,
    applied_at DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6))
) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4
    /*!80017 COLLATE = utf8mb4_0900_bin */ /*M!100600 COLLATE = utf8mb4_nopad_bin */;

-- The identity is made once; whoever comes later finds it.
INSERT IGNORE INTO trustlog_schema (version, compatible_from, database_id)
SELECT 1, 1, MD5(CONCAT(UUID(), RAND(), RAND())) FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM trustlog_schema);
