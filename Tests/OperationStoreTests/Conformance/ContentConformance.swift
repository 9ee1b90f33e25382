import OperationStore
import Testing
import TrustlogCore

@Suite("StoreConformance: content")
struct ContentConformance {
    private func roundTrip(_ operation: Operation, _ store: any OperationStore) async throws -> Operation {
        let result = try await store.persist(batch([operation]))
        #expect(result.outcomes == [.inserted])
        return try #require(try await store.operation(opId: operation.opId)).row.content.get().operation
    }

    @Test("times are kept to the microsecond from 1970 to 9999", arguments: StoreBackend.allCases)
    func times(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            for (index, microseconds) in [0, 1, 999_999, 951_782_400_000_000, 253_402_300_799_999_999].enumerated() {
                let operation = sampleOperation("\(index)", timestamp: Timestamp(microseconds: Int64(microseconds)))
                let stored = try await roundTrip(operation, store)
                #expect(stored.timestamp == operation.timestamp)
            }
        }
    }

    @Test("absent and empty optional fields stay what they are", arguments: StoreBackend.allCases)
    func absentAndEmpty(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let absent = try await roundTrip(sampleOperation("absent"), store)
            #expect(absent.requestBodyHash == nil)
            #expect(absent.responseBodyHash == nil)
            #expect(absent.clientIp == nil)
            #expect(absent.serverIp == nil)
            #expect(absent.extra == nil)
            var full = sampleOperation("full")
            full.requestBodyHash = ""
            full.responseBodyHash = "sha256:x"
            full.clientIp = "192.0.2.1"
            full.serverIp = "2001:DB8::ffff:192.0.2.128"
            expectSame(try await roundTrip(full, store), full)
        }
    }

    @Test("an address is kept in each of its forms, up to 45 bytes", arguments: StoreBackend.allCases)
    func addresses(backend: StoreBackend) async throws {
        let addresses = [
            "0.0.0.0", "255.255.255.255", "::", "::1", "1::", "2001:DB8::8a2e:370:7334", "1:2:3:4:5:6:7:8",
            "1:2:3:4:5:6:7::",
            "::2:3:4:5:6:7:8", "::192.0.2.1", "::ffff:192.0.2.1", "1:2:3:4:5:6:192.0.2.1",
            "0000:0000:0000:0000:0000::255.255.255.255", "0000:0000:0000:0000:0000:ffff:255.255.255.255",
        ]
        try await backend.withStore { store, _ in
            for (index, address) in addresses.enumerated() {
                var operation = sampleOperation("\(index)")
                operation.clientIp = address
                operation.serverIp = address
                expectSame(try await roundTrip(operation, store), operation)
            }
        }
    }

    @Test("every plane of Unicode is kept, and text that SQL gives a meaning", arguments: StoreBackend.allCases)
    func planes(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            var scalars = "'\"\\%_;--\u{1}\t\n\u{7f}\u{80}\u{a0}"
            for plane in 0...16 {
                for low in [0x0, 0x41, 0xfffd, 0xfffe, 0xffff] {
                    guard plane + low > 0, let scalar = Unicode.Scalar(UInt32(plane << 16 | low)) else { continue }
                    scalars.unicodeScalars.append(scalar)
                }
            }
            var operation = sampleOperation("planes")
            operation.doid = scalars
            let stored = try await roundTrip(operation, store)
            #expect(ExactText(stored.doid) == ExactText(scalars))
            let waiting = try #require(try await store.waiting(.all).first?.operation)
            #expect(ExactText(waiting.doid) == ExactText(scalars))
            var identity = sampleOperation("\u{1F600}\u{10FFFF}\u{a0}\u{FEFF}'")
            identity.opActor = "\u{FEFF}x"
            expectSame(try await roundTrip(identity, store), identity)
        }
    }

    @Test("extra of 64 KiB is kept byte for byte, a byte more is refused", arguments: StoreBackend.allCases)
    func largestExtra(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            func extra(size: Int) -> String { #"{"a":""# + String(repeating: "x", count: size - 8) + #""}"# }
            let largest = sampleOperation("largest", extra: extra(size: 65_536))
            let stored = try await roundTrip(largest, store)
            #expect(stored.extra?.utf8.count == 65_536)
            #expect(Record.hasSameContent(stored, largest))
            let outcomes = try await store.persist(
                batch([sampleOperation("over", extra: extra(size: 65_537))])
            ).outcomes
            guard case .refused = outcomes.first else {
                Issue.record("not refused: \(outcomes)")
                return
            }
        }
    }

    @Test("extra keeps escaped zeros, order and numbers as written", arguments: StoreBackend.allCases)
    func extraAsWritten(backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let operation = sampleOperation("a", extra: #"{"":[1e+30,-5e-324,null,{}],"a":"\u0000é","€":true}"#)
            expectSame(try await roundTrip(operation, store), operation)
        }
    }

    @Test("an application's INSERT needs only the required columns", arguments: StoreBackend.allCases)
    func minimal(backend: StoreBackend) async throws {
        try await backend.withStore { store, database in
            try database.execute(minimalInsert("mine"))
            let row = try #require(try await store.waiting(.all).first)
            let content = try row.content.get()
            #expect(content.operation.opId == "mine")
            #expect(content.operation.timestamp == Timestamp(rfc3339: "2026-01-31T08:15:00.25Z"))
            #expect(content.operation.extra == nil)
            #expect(content.source == nil)
            #expect(content.headers == nil)
            #expect(row.recordedAt != nil)
            let statistics = try await store.statistics()
            #expect(statistics.unlogged == 1)
            #expect(statistics.oldestUnlogged == row.recordedAt)
        }
    }

    @Test("an application's extra is read in its canonical form", arguments: StoreBackend.allCases)
    func canonicalised(backend: StoreBackend) async throws {
        try await backend.withStore { store, database in
            try database.execute(minimalInsert("a", columns: ", extra", values: #", '{ "b" : 1.0, "a" : "é" }'"#))
            try database.execute(minimalInsert("b", columns: ", extra", values: ", '{}'"))
            let rows = try await store.waiting(.all)
            #expect(rows.map { $0.operation?.extra } == [#"{"a":"é","b":1}"#, nil])
        }
    }

    @Test(
        "a row that an application broke is told as unreadable, its neighbours are read",
        arguments: StoreBackend.allCases)
    func unreadable(backend: StoreBackend) async throws {
        try await backend.withStore { store, database in
            try database.execute(minimalInsert("good-1"))
            try database.execute(minimalInsert("broken", columns: ", client_ip", values: ", '01.2.3.4'"))
            try database.execute(minimalInsert("json", columns: ", extra", values: ", '{\"a\":1,\"a\":2}'"))
            try database.execute(minimalInsert("good-2"))
            let rows = try await store.waiting(.all)
            #expect(rows.map(\.opId) == ["good-1", "broken", "json", "good-2"])
            #expect(rows.map { $0.operation != nil } == [true, false, false, true])
            guard case .failure(let problem) = rows[1].content else { return }
            #expect(problem.message.utf8.starts(with: "clientIp".utf8))
            #expect(try await store.operations(in: rows[0].seq...rows[3].seq, limit: 10, byteLimit: .max).count == 4)
            #expect(try await store.operation(opId: "broken")?.row.operation == nil)
            let outcomes = try await store.persist(batch([sampleOperation("broken")])).outcomes
            #expect(outcomes == [.conflict])
        }
    }

    @Test("op_id takes no control character of Unicode, and what is next to one", arguments: StoreBackend.allCases)
    func controlCharacters(backend: StoreBackend) async throws {
        try await backend.withStore { store, database in
            for code in Array(1...0x1f) + Array(0x7f...0x9f) {
                let character = Character(try #require(Unicode.Scalar(UInt32(code))))
                #expect(throws: (any Error).self, "U+\(String(code, radix: 16))") {
                    try database.execute(minimalInsert("é\(character)x"))
                }
            }
            let allowed: [Character] = [
                " ", "[", "]", "^", "~", "\u{a0}", "\u{ad}", "\u{2028}", "\u{fffd}", "\u{10ffff}",
            ]
            for character in allowed { try database.execute(minimalInsert("é\(character)x")) }
            #expect(try await store.operationCounts().total == allowed.count)
        }
    }

    @Test("constraints keep out what section 1 forbids, as far as they can", arguments: StoreBackend.allCases)
    func constraints(backend: StoreBackend) async throws {
        try await backend.withStore { store, database in
            let forbidden = [
                minimalInsert(""), minimalInsert("tab\tinside"),
                minimalInsert("a", columns: ", trustlog_status", values: ", 'DONE'"),
                minimalInsert("a", columns: ", client_ip", values: ", ''"),
                minimalInsert("a", columns: ", extra", values: ", '[1]'"),
                minimalInsert("a", columns: ", extra", values: ", ' {}'"),
                minimalInsert("a", columns: ", extra", values: ", '{} '"),
                minimalInsert(
                    "a", columns: ", source_topic, source_partition, source_offset, source_digest",
                    values: ", 't', 0, 0, '\(String(repeating: "A", count: 64))'"),
                minimalInsert("a", columns: ", source_topic", values: ", 'only one of four'"),
                "INSERT INTO operation (op_id) VALUES ('a')",
            ]
            // MariaDB's own check of JSON stops at 32 levels.
            let noJSON = minimalInsert("a", columns: ", extra", values: ", '{a:1}'")
            for sql in forbidden + (backend == .mariaDB ? [] : [noJSON]) {
                #expect(throws: (any Error).self, "\(sql)") { try database.execute(sql) }
            }
            let count = try await store.operationCounts().total
            #expect(count == 0)
        }
    }
}
