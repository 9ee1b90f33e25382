import CommandLineTool
import Glibc
import Observability

/// `trustlog demo`: what Trustlog does, in a minute, without any server.
enum DemoCommand {
    private static let operations = Option<Int>(
        "operations", short: "n", valueName: "N", help: "How many operations to generate.", default: 10_000)
    private static let keep = Flag("keep", help: "Keep the database, and say where it is.")

    static let command: Command = Command(
        "demo", abstract: "Show the whole pipeline in one process, without any server.",
        discussion: """
            Starts a broker inside the process (on loopback only) and a SQLite database in a temporary folder, generates \
            operations, persists, signs and publishes them, and verifies what it published as an auditor would. Every \
            number of the closing summary is counted where it happens.
            """,
        group: CommandGroup.service, parameters: [operations, keep]
    ) { arguments, terminal in
        let count = arguments[operations]
        guard count > 0 else { throw ValidationError("--operations: at least 1") }
        let folder = try TemporaryFolder()
        defer { if !arguments[keep] { folder.remove() } }
        let handler = TextLogHandler(isColoured: terminal.isColoured(terminal.error))
        let logger = Logger(label: "demo", level: .error, handler: handler)

        terminal.writeLine("An embedded Kafka and a SQLite database; \(count) operations on their way:")
        terminal.writeLine("  operations topic -> consume -> SQLite -> sign (Ed25519) -> trustlog topic -> verify")
        let pipeline = try DemoPipeline(count: count, folder: folder.path, logger: logger)
        let bar = ProgressBar("verified", total: count, terminal: terminal)
        let result = try await pipeline.run(bar)
        report(result, terminal)
        if arguments[keep] { terminal.writeLine("The database is \(folder.path)/trustlog.db") }
        return try exitCode(result, wanted: count)
    }

    private static func report(_ result: DemoPipeline.Result, _ terminal: Terminal) {
        if let sample = result.sample {
            terminal.writeLine("One record, as it was signed:")
            terminal.writeLine("  " + printable(sample))
        }
        let lines = [
            ("produced", result.produced, "operations acknowledged by the broker"),
            ("persisted", result.persisted, "rows in the database"),
            ("published", result.published, "rows whose signed envelope the broker acknowledged"),
            ("verified", result.verified, "different operations read back from the topic, their signatures valid"),
        ]
        for (name, number, meaning) in lines {
            let padding = String(repeating: " ", count: 10 - name.utf8.count)
            terminal.writeLine("\(name)\(padding) \(number)  \(meaning)")
        }
    }

    private static func exitCode(_ result: DemoPipeline.Result, wanted: Int) throws -> ExitCode {
        if result.invalid > 0 {
            throw CommandError(.evidence, "\(result.invalid) envelopes are not valid")
        }
        let isComplete = [result.produced, result.persisted, result.published, result.verified].allSatisfy {
            $0 == wanted
        }
        guard isComplete else {
            throw CommandError(.failure, "not every one of the \(wanted) operations arrived")
        }
        return .success
    }
}

/// A folder that only this user can read, removed when it is not needed any more.
private struct TemporaryFolder {
    let path: String

    init() throws(CommandError) {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/trustlog-demo-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else {
            throw CommandError(
                .failure, "no temporary folder can be made in \(parent): \(String(cString: strerror(errno)))",
                hint: "set TMPDIR to a folder that can be written")
        }
        path = String(cString: made)
    }

    func remove() {
        for file in ["trustlog.db", "trustlog.db-wal", "trustlog.db-shm"] {
            unlink("\(path)/\(file)")
        }
        rmdir(path)
    }
}
