import CommandLineTool
import Testing
import TrustlogTestKit

extension AcceptanceSuite {
    @Suite("Several replicas", .requires(.postgreSQL))
    struct Replicas {
        private static let inFlight = 500
        private static let session = 6
        private static let kills = Scale.isFull ? 24 : 4

        @Test(
            "three of them on four partitions, one killed every five seconds: nothing is missing, order per key holds",
            arguments: [false, true])
        func killed(named: Bool) async throws {
            let postgres = try await PostgreSQLServer.start()
            let sidecar = try await Sidecar.make(settings: [
                "database.url": postgres.url, "cursor.count": "4", "cursor.lease": "3s",
                "input.session-timeout": "\(Self.session)s", "cursor.max-in-flight": "\(Self.inFlight)",
                "cursor.batch-size": "50",
            ])
            func launch(_ index: Int) throws -> TrustlogProcess {
                try sidecar.launch(named ? ["instance.id": "replica-\(index)"] : [:])
            }
            var replicas = try (0..<3).map { try launch($0) }
            let rows = ReplicaEvidence(sidecar: sidecar, postgres: postgres)
            try await eventually(within: .seconds(60), "each replica has a publishing cursor, none has three") {
                let shares = try await rows.cursorsByOwner()
                return shares.count == 3 && shares.reduce(0, +) == 4
            }
            let stream = OperationStream(into: sidecar, seed: named ? 31 : 32, chunk: 40)
            for kill in 0..<Self.kills {
                try await Task.sleep(for: .seconds(5))
                let victim = kill % 3
                #expect(
                    replicas[victim].process.isRunning, "it ended by itself: \(replicas[victim].logText.suffix(2_000))")
                try await replicas[victim].process.killAndWait()
                replicas[victim] = try launch(victim)
            }
            let produced = try await stream.stop()
            try await eventually(within: .seconds(90), "everything is published") {
                try await rows.trustlogged() == produced
            }
            for replica in replicas { #expect(try await replica.stop(within: .seconds(12)) == .exited(0)) }

            let evidence = try await rows.evidence()
            #expect(evidence.faults == "")
            #expect(evidence.rows == produced && evidence.distinctOpIds == produced)
            #expect(evidence.repeats <= Self.kills * Self.inFlight, "repeats: \(evidence.repeats)")
            try await rows.expectOrder()
            // Without a name the group waits for the session of each member that was killed, and may meet the next one's.
            let limit = Double((named ? 1 : 3) * Self.session + 5)
            let delays = try await rows.longestDelays()
            #expect(delays.ingest <= limit, "the longest wait for the table")
            #expect(delays.publishing <= limit, "the longest wait for the topic")
        }
    }
}

/// What table and topic say after several replicas worked on them, with PostgreSQL.
private struct ReplicaEvidence {
    let sidecar: Sidecar
    let postgres: PostgreSQLServer

    func trustlogged() async throws -> Int {
        guard try await hasTable() else { return 0 }
        let text = try await postgres.psql("SELECT count(*) FROM operation WHERE trustlog_status = 'TRUSTLOGGED'")
        return Int(text.filter(\.isNumber)) ?? 0
    }

    func cursorsByOwner() async throws -> [Int] {
        guard try await hasTable() else { return [] }
        return try await postgres.psql(
            "SELECT count(*) FROM trustlog_cursor WHERE owner IS NOT NULL GROUP BY owner"
        ).split(separator: "\n").compactMap { Int($0) }
    }

    private func hasTable() async throws -> Bool {
        try await postgres.psql("SELECT to_regclass('trustlog_cursor') IS NOT NULL").hasPrefix("t")
    }

    func evidence() async throws -> Evidence {
        let text = try await postgres.psql(
            """
            SELECT coalesce(json_agg(r), '[]') FROM (SELECT op_id, op_source, op_type, do_prefix, do_repository, doid,
                to_char(op_timestamp AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS op_timestamp, producer_id,
                op_actor, request_body_hash, response_body_hash, client_ip, server_ip, extra, source_topic,
                source_partition, source_offset, source_digest, trustlog_status, trustlogged_at, trustlog_partition,
                trustlog_offset FROM operation) r
            """)
        try FileTree.write(text, to: sidecar.folder["rows.json"])
        return try await sidecar.evidence(rows: sidecar.folder["rows.json"])
    }

    /// Each key's operations appear first in the order in which they stand in the input topic.
    func expectOrder() async throws {
        var seen: Set<String> = []
        var published: [String: [String]] = [:]
        for message in try await sidecar.kcat.consume(sidecar.output, headers: true) {
            guard let key = message.keyText, let opId = message.header("ce_id"), seen.insert(opId).inserted else {
                continue
            }
            published[key, default: []].append(opId)
        }
        var consumed: [String: [String]] = [:]
        let lines = try await postgres.psql(
            "SELECT doid || '|' || op_id FROM operation ORDER BY source_partition, source_offset")
        for line in lines.split(separator: "\n") {
            let parts = line.split(separator: "|").map(String.init)
            if parts.count == 2 { consumed[parts[0], default: []].append(parts[1]) }
        }
        let differing = consumed.filter { published[$0.key] != $0.value }.map {
            "\($0.key): consumed \($0.value), published \(published[$0.key] ?? [])"
        }
        #expect(differing.isEmpty, "\(differing.count) keys: \(differing.prefix(3).joined(separator: "; "))")
    }

    /// In seconds: from the input topic to the table, and from there to the trustlog topic.
    func longestDelays() async throws -> (ingest: Double, publishing: Double) {
        let publishing = try await postgres.psql(
            "SELECT extract(epoch FROM max(trustlogged_at - recorded_at)) FROM operation")
        let lines = try await postgres.psql(
            "SELECT source_partition, source_offset, extract(epoch FROM recorded_at) FROM operation")
        var recorded: [KafkaPosition: Double] = [:]
        for line in lines.split(separator: "\n") {
            let parts = line.split(separator: "|")
            guard parts.count == 3, let partition = Int(parts[0]), let offset = Int(parts[1]) else { continue }
            recorded[KafkaPosition(partition: partition, offset: offset)] = Double(parts[2])
        }
        let delays = try await sidecar.kcat.consume(sidecar.input).compactMap { message in
            recorded[message.position].map { $0 - Double(message.timestamp) / 1_000 }
        }
        return (delays.max() ?? 0, Double(publishing.split(separator: "\n").first ?? "0") ?? 0)
    }
}
