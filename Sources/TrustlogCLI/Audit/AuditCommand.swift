import CommandLineTool
import KafkaClient
import OperationStore
import TrustlogService

/// `trustlog audit`: the table against the topic.
enum AuditCommand {
    static let command: Command = Command(
        "audit", abstract: "Compare the table with the trustlog topic.",
        discussion: """
            Reads the whole output topic and the table, and checks that every TRUSTLOGGED row has its envelope where it \
            says, validly signed and with the row's record, and that no envelope is there without its row. Rows whose \
            envelope lay before what the topic still holds are counted as expired. The service may run meanwhile.

            The keys are those of signing.key-file, signing.additional-key-files and verify.key-files. Exit code 0 if table \
            and topic agree, 2 if evidence is invalid or incomplete, 69 if the one or the other cannot be reached.
            """,
        group: CommandGroup.records, parameters: [OutputFormat.option, TimeLimit.option]
    ) { arguments, terminal in
        let settings = try GlobalOptions.loadSettings(arguments, terminal, for: .audit).settings
        let keys = try KeyFiles.verificationKeys(settings)
        guard !keys.isEmpty else {
            throw CommandError(
                .configuration, "there is no key to verify with", hint: "set signing.key-file or verify.key-files")
        }
        let limit = arguments[TimeLimit.option].duration
        return try await settings.withStore(terminal, limit: limit) { store in
            let audit = Audit(
                store: store, configuration: settings.consumerConfiguration, topic: settings.output.topic, keys: keys,
                limit: limit, logger: settings.log.quietLogger(terminal))
            let writer = AuditWriter(arguments[OutputFormat.option], terminal)
            do throws(Audit.Failure) {
                let report = try await audit.run(writer)
                writer.finish(report)
                return report.faults == 0 ? .success : .evidence
            } catch {
                writer.leaveBar()
                throw error.commandError(settings)
            }
        }
    }
}

extension Audit.Failure {
    fileprivate func commandError(_ settings: Settings) -> CommandError {
        let topic = settings.output.topic
        switch self {
        case .store(let error): return error.commandError
        case .topic(let error): return error.commandError("cannot read the topic \(topic)", settings)
        case .topicNotReadToItsEnd(let error):
            return (error ?? KafkaError(code: KafkaError.timedOut))
                .commandError("cannot read the topic \(topic) to its end", settings)
        }
    }
}
