import Testing
import TrustlogTestKit

extension AcceptanceSuite {
    @Suite("Applications that write the table themselves")
    struct WriterTorture {
        private static let replicas = 3

        @Test(
            "every committed row is published, nothing rolled back is, a foreign transaction delays only its own rows",
            arguments: DatabaseKind.some(.postgresql, .mariadb))
        func torture(on database: DatabaseKind) async throws {
            let sidecar = try await Sidecar.make(
                on: database,
                settings: [
                    "input.session-timeout": "6s", "cursor.lease": "3s", "cursor.interval": "1s",
                    "cursor.count": database == .sqlite ? "1" : "2",
                ])
            try await TrustlogBinary.check(["migrate"] + sidecar.options())
            var replicas: [TrustlogProcess] = []
            for number in 0..<Self.replicas { replicas.append(try sidecar.launch(log: "log-\(number)")) }
            let writers = try Writers(for: sidecar, seconds: Scale.tortureSeconds)
            let stream = OperationStream(into: sidecar, seed: 11, chunk: 50)

            var kills = 0
            while try await !writers.areDone(within: .seconds(5)) {
                let number = kills % Self.replicas
                #expect(
                    replicas[number].process.isRunning, "it ended by itself: \(replicas[number].logText.suffix(2_000))")
                try await replicas[number].process.killAndWait()
                replicas[number] = try sidecar.launch(log: "log-\(number)")
                kills += 1
            }
            #expect(kills > 0)
            let produced = try await stream.stop()
            let committed = try writers.opIds("committed")
            #expect(committed.count > 100)
            // The foreign transaction is still open.
            try await sidecar.awaitTrustlogged(produced + committed.count)
            let foreign = try await writers.release()
            let all = produced + committed.count + foreign.count
            try await sidecar.awaitTrustlogged(all)
            for replica in replicas {
                #expect(try await replica.stop() == .exited(0), "\(replica.logText.suffix(2_000))")
            }

            let evidence = try await sidecar.evidence()
            #expect(evidence.faults == "")
            #expect(evidence.rows == all)
            #expect(evidence.trustlogged == all)
            #expect(evidence.distinctOpIds == all)
            let rows = try await sidecar.query("SELECT op_id FROM operation WHERE source_topic IS NULL")
            #expect(Set(rows) == committed.union(foreign))
            #expect(try writers.opIds("rolled-back").isDisjoint(with: rows))
            try await sidecar.expectValidSignatures(distinct: all)
        }
    }
}

/// `torture_writers.py` at work.
private final class Writers: Sendable {
    private let process: ChildProcess
    private let folder: TemporaryFolder

    init(for sidecar: Sidecar, seconds: Int) throws {
        folder = try TemporaryFolder("tlw")
        process = try ChildProcess(
            [
                PythonVerifier.interpreter, "\(Checkout.root)/scripts/torture_writers.py",
                "--url", sidecar.database.url, "--folder", folder.path, "--seconds", "\(seconds)",
            ], output: folder["out"], error: folder["err"])
    }

    /// Waits for the end of the writers. The foreign transaction stays open.
    func areDone(within limit: Duration) async throws -> Bool {
        let areDone = try await poll(within: limit) {
            FileTree.exists(folder["writers-done"]) || !process.isRunning
        }
        guard process.isRunning else { throw CommandError("the writers failed: \(errorText)") }
        return areDone
    }

    func opIds(_ name: String) throws -> Set<String> {
        Set(try FileTree.text(folder[name]).split(separator: "\n").map(String.init))
    }

    /// Lets the foreign transaction commit. - Returns: its op ids.
    func release() async throws -> Set<String> {
        try FileTree.write("", to: folder["release"])
        guard try await process.wait(within: .seconds(30)) == .exited(0) else {
            throw CommandError("the writers failed: \(errorText)")
        }
        return try opIds("foreign")
    }

    private var errorText: String { (try? FileTree.text(folder["err"])) ?? "" }
}
