package import KafkaClient
package import Observability

extension ServiceConfiguration {
    /// A client of the service that librdkafka does not make.
    package struct ClientProblem: Sendable {
        /// "consumer" or "producer".
        package var client: String
        package var error: KafkaError
    }

    /// Makes the clients that the service makes later, and lets go of them: librdkafka refuses some properties only for what
    /// others are. No broker is needed.
    package func clientProblems(logger: Logger) -> [ClientProblem] {
        var problems: [ClientProblem] = []
        do throws(KafkaError) {
            _ = try KafkaConsumer(
                configuration: consumer, group: input.group, instanceID: instanceID,
                sessionTimeout: input.sessionTimeout, logger: logger, onRebalance: { _ in })
        } catch {
            problems.append(ClientProblem(client: "consumer", error: error))
        }
        do throws(KafkaError) {
            // Every strategy has one: of records, or of dead letters alone.
            if strategy == .trustlogOnly {
                try TransactionSession.check(producer, logger: logger)
            } else {
                _ = try KafkaProducer(configuration: producer, logger: logger)
            }
        } catch {
            problems.append(ClientProblem(client: "producer", error: error))
        }
        return problems
    }
}
