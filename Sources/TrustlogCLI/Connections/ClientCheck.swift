import CommandLineTool
import KafkaClient
import Observability
import TrustlogService

extension Settings {
    /// Collects what librdkafka has against the clients of the service.
    func checkClients(_ problems: inout ConfigurationProblems) {
        // Whether a broker answers is of no account here.
        let silent = Logger(label: "check", level: .critical, handler: TextLogHandler())
        for problem in ServiceConfiguration(self).clientProblems(logger: silent) {
            problems.add(
                CommandError(
                    .configuration,
                    "kafka.\(problem.client).*: the \(problem.client) cannot be made, librdkafka says: "
                        + printable(problem.error.message),
                    hint: "see kafka.properties.* and kafka.\(problem.client).*"))
        }
    }
}
