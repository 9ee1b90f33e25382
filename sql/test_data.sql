-- Operations in every state that Trustlog knows, for trying things out; loads on PostgreSQL, MariaDB, MySQL and SQLite, into
-- a database that has the schema. Idempotent: what is there already stays as it is. Times are UTC (PostgreSQL: SET TIME ZONE
-- 'UTC' first).
--
-- The one row of "once" is there for databases that take no condition without a table.

-- Written by an application, with the required columns only: waits for the cursor worker.
INSERT INTO operation (op_id, op_timestamp, op_source, op_type, do_prefix, do_repository, doid, producer_id, op_actor)
SELECT '5f0c7a52-2f6e-4d0a-9a0e-000000000001', '2026-01-31 08:15:00.000000', 'IRP', 'OC_REGISTER', '86.1000',
    '86.1000/repository', '86.1000/object-1', 'registry-1', 'user:alice'
FROM (SELECT 1 AS one) AS once
WHERE NOT EXISTS (SELECT 1 FROM operation WHERE op_id = '5f0c7a52-2f6e-4d0a-9a0e-000000000001');

-- Everything that an application may add, and text beyond ASCII.
INSERT INTO operation (op_id, op_timestamp, op_source, op_type, do_prefix, do_repository, doid, producer_id, op_actor,
    request_body_hash, response_body_hash, client_ip, server_ip, extra)
SELECT '5f0c7a52-2f6e-4d0a-9a0e-000000000002', '2026-01-31 08:15:01.250000', 'DOIP', 'OC_UPDATE', '86.1000',
    '86.1000/repository', '86.1000/数字对象-2', 'registry-1', 'user:bób',
    'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08', '', '192.0.2.17', '2001:db8::17',
    '{"attempt":1,"labels":["a","ü"],"ticket":null}'
FROM (SELECT 1 AS one) AS once
WHERE NOT EXISTS (SELECT 1 FROM operation WHERE op_id = '5f0c7a52-2f6e-4d0a-9a0e-000000000002');

-- Consumed from Kafka: waits for the cursor worker, with a trace to pass on.
INSERT INTO operation (op_id, op_timestamp, op_source, op_type, do_prefix, do_repository, doid, producer_id, op_actor,
    source_topic, source_partition, source_offset, source_digest, headers)
SELECT '5f0c7a52-2f6e-4d0a-9a0e-000000000003', '2026-01-31 08:15:02.000001', 'IRP', 'OC_REGISTER', '86.1000',
    '86.1000/repository', '86.1000/object-3', 'registry-1', 'user:alice', 'operations', 0, 41,
    '4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865',
    '{"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}'
FROM (SELECT 1 AS one) AS once
WHERE NOT EXISTS (SELECT 1 FROM operation WHERE op_id = '5f0c7a52-2f6e-4d0a-9a0e-000000000003');

-- Published: where the envelope stands is known; of the second the broker named no offset.
INSERT INTO operation (op_id, op_timestamp, op_source, op_type, do_prefix, do_repository, doid, producer_id, op_actor,
    source_topic, source_partition, source_offset, source_digest, trustlog_status, trustlogged_at, trustlog_partition,
    trustlog_offset)
SELECT '5f0c7a52-2f6e-4d0a-9a0e-000000000004', '2026-01-31 08:14:00.000000', 'IRP', 'OC_REGISTER', '86.1000',
    '86.1000/repository', '86.1000/object-4', 'registry-1', 'user:alice', 'operations', 0, 39,
    '53c234e5e8472b6ac51c1ae1cab3fe06fad053beb8ebfd8977b010655bfdd3c3', 'TRUSTLOGGED', '2026-01-31 08:14:00.125000',
    0, 1207
FROM (SELECT 1 AS one) AS once
WHERE NOT EXISTS (SELECT 1 FROM operation WHERE op_id = '5f0c7a52-2f6e-4d0a-9a0e-000000000004');
INSERT INTO operation (op_id, op_timestamp, op_source, op_type, do_prefix, do_repository, doid, producer_id, op_actor,
    source_topic, source_partition, source_offset, source_digest, trustlog_status, trustlogged_at, trustlog_partition)
SELECT '5f0c7a52-2f6e-4d0a-9a0e-000000000005', '2026-01-31 08:14:01.000000', 'IRP', 'OC_DELETE', '86.1000',
    '86.1000/repository', '86.1000/object-4', 'registry-1', 'user:alice', 'operations', 0, 40,
    '1121cfccd5913f0a63fec40a6ffd44ea64f9dc135c66634ba001d10bcf4302a2', 'TRUSTLOGGED', '2026-01-31 08:14:01.118000',
    0
FROM (SELECT 1 AS one) AS once
WHERE NOT EXISTS (SELECT 1 FROM operation WHERE op_id = '5f0c7a52-2f6e-4d0a-9a0e-000000000005');

-- Failed alone in its batch: is tried again at next_retry_at.
INSERT INTO operation (op_id, op_timestamp, op_source, op_type, do_prefix, do_repository, doid, producer_id, op_actor,
    trustlog_status)
SELECT '5f0c7a52-2f6e-4d0a-9a0e-000000000006', '2026-01-31 08:10:00.000000', 'DOIP', 'OC_UPDATE', '86.1000',
    '86.1000/repository', '86.1000/object-6', 'registry-2', 'user:carol', 'FAILED'
FROM (SELECT 1 AS one) AS once
WHERE NOT EXISTS (SELECT 1 FROM operation WHERE op_id = '5f0c7a52-2f6e-4d0a-9a0e-000000000006');
INSERT INTO trustlog_retry (op_id, retry_status, retry_count, next_retry_at, last_error, first_failed_at, updated_at)
SELECT op_id, 'PENDING', 2, '2026-01-31 08:17:05.000000',
    'the broker refuses the record: message too large', '2026-01-31 08:10:00.500000', '2026-01-31 08:13:05.000000'
FROM operation
WHERE op_id = '5f0c7a52-2f6e-4d0a-9a0e-000000000006' AND trustlog_status = 'FAILED'
    AND NOT EXISTS (SELECT 1 FROM trustlog_retry WHERE op_id = '5f0c7a52-2f6e-4d0a-9a0e-000000000006');

-- Failed as often as is tried: a dead letter, until somebody requeues or discards it.
INSERT INTO operation (op_id, op_timestamp, op_source, op_type, do_prefix, do_repository, doid, producer_id, op_actor,
    trustlog_status)
SELECT '5f0c7a52-2f6e-4d0a-9a0e-000000000007', '2026-01-30 21:00:00.000000', 'DOIP', 'OC_UPDATE', '86.1001',
    '86.1001/repository', '86.1001/object-7', 'registry-2', 'user:carol', 'FAILED'
FROM (SELECT 1 AS one) AS once
WHERE NOT EXISTS (SELECT 1 FROM operation WHERE op_id = '5f0c7a52-2f6e-4d0a-9a0e-000000000007');
INSERT INTO trustlog_retry (op_id, retry_status, retry_count, next_retry_at, last_error, first_failed_at, updated_at)
SELECT op_id, 'DEAD_LETTER', 5, NULL,
    'the broker refuses the record: message too large', '2026-01-30 21:00:00.500000', '2026-01-30 21:33:00.000000'
FROM operation
WHERE op_id = '5f0c7a52-2f6e-4d0a-9a0e-000000000007' AND trustlog_status = 'FAILED'
    AND NOT EXISTS (SELECT 1 FROM trustlog_retry WHERE op_id = '5f0c7a52-2f6e-4d0a-9a0e-000000000007');

-- Persisted under db-only: published by a replay only.
INSERT INTO operation (op_id, op_timestamp, op_source, op_type, do_prefix, do_repository, doid, producer_id, op_actor,
    trustlog_status)
SELECT '5f0c7a52-2f6e-4d0a-9a0e-000000000008', '2026-01-15 12:00:00.000000', 'IRP', 'OC_REGISTER', '86.1000',
    '86.1000/repository', '86.1000/object-8', 'registry-1', 'user:alice', 'NOT_REQUIRED'
FROM (SELECT 1 AS one) AS once
WHERE NOT EXISTS (SELECT 1 FROM operation WHERE op_id = '5f0c7a52-2f6e-4d0a-9a0e-000000000008');

-- Given up by an operator.
INSERT INTO operation (op_id, op_timestamp, op_source, op_type, do_prefix, do_repository, doid, producer_id, op_actor,
    trustlog_status)
SELECT '5f0c7a52-2f6e-4d0a-9a0e-000000000009', '2026-01-15 12:00:01.000000', 'IRP', 'OC_REGISTER', '86.1000',
    '86.1000/repository', '86.1000/object-9', 'registry-1', 'user:alice', 'DISCARDED'
FROM (SELECT 1 AS one) AS once
WHERE NOT EXISTS (SELECT 1 FROM operation WHERE op_id = '5f0c7a52-2f6e-4d0a-9a0e-000000000009');

-- A publishing cursor that nobody holds, a bookmark, a replay that was interrupted, and where the consumer group stands.
INSERT INTO trustlog_cursor (cursor_key, cursor_value, owner, lease_until, updated_at)
SELECT 'publish-0', '5', NULL, NULL, '2026-01-31 08:14:02.000000'
FROM (SELECT 1 AS one) AS once
WHERE NOT EXISTS (SELECT 1 FROM trustlog_cursor WHERE cursor_key = 'publish-0');
INSERT INTO trustlog_cursor (cursor_key, cursor_value, owner, lease_until, updated_at)
SELECT 'before-the-audit', '2', NULL, NULL, '2026-01-31 08:14:30.000000'
FROM (SELECT 1 AS one) AS once
WHERE NOT EXISTS (SELECT 1 FROM trustlog_cursor WHERE cursor_key = 'before-the-audit');
INSERT INTO trustlog_cursor (cursor_key, cursor_value, owner, lease_until, updated_at)
SELECT 'replay', 'replay 4 of 1..9 to trustlog (from beginning to end)', NULL, NULL, '2026-01-31 08:14:45.000000'
FROM (SELECT 1 AS one) AS once
WHERE NOT EXISTS (SELECT 1 FROM trustlog_cursor WHERE cursor_key = 'replay');
INSERT INTO trustlog_consumer_offset (group_id, topic, partition_id, next_offset, updated_at)
SELECT 'trustlog', 'operations', 0, 42, '2026-01-31 08:15:02.100000'
FROM (SELECT 1 AS one) AS once
WHERE NOT EXISTS (SELECT 1 FROM trustlog_consumer_offset
    WHERE group_id = 'trustlog' AND topic = 'operations' AND partition_id = 0);
