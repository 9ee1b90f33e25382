import CommandLineTool
import KafkaClient

extension KafkaError {
    /// As a one-off command reports it.
    ///
    /// - Parameters:
    ///   - action: what could not be done, for example "cannot read the topic trustlog".
    ///   - settings: say which brokers were meant.
    func commandError(_ action: String, _ settings: Settings) -> CommandError {
        let brokers = settings.kafka.bootstrapServers.joined(separator: ", ")
        switch problem {
        case .missing:
            return CommandError(
                .failure, "\(action): the topic does not exist on \(brokers)",
                hint: "create it; Trustlog creates no topic by itself")
        case .permission:
            return CommandError(
                .failure, "\(action): not allowed (\(description))",
                hint: "grant the user of kafka.properties.* the right to it")
        case .authentication:
            return CommandError(
                .unreachable, "\(action): the brokers refuse the user (\(description))",
                hint: authenticationHint(settings))
        case .unreachable:
            return CommandError(
                .unreachable, "\(action): no broker of \(brokers) answers in time (\(description))",
                hint: "see kafka.bootstrap-servers; --timeout sets how long to wait")
        case .other:
            return CommandError(.failure, "\(action): \(description)")
        }
    }

    /// What to look at where the brokers refuse the user.
    func authenticationHint(_ settings: Settings) -> String {
        let hint = "see kafka.properties.sasl.*, security.protocol and ssl.*"
        let properties = settings.kafka.properties
        let mechanism = (properties["sasl.mechanism"] ?? properties["sasl.mechanisms"] ?? "").uppercased()
        guard mechanism.hasPrefix("SCRAM-"), !KafkaLibrary.hasSoundSCRAM else { return hint }
        return hint
            + "; by \(mechanism), librdkafka \(KafkaLibrary.version) cannot log in at Kafka 4 (2.6.1 and later can)"
    }

    enum Problem {
        case missing, permission, authentication, unreachable, other
    }

    /// What a user has to look at.
    var problem: Problem {
        switch code {
        case Self.unknownTopic, Self.unknownTopicOrPartition, Self.unknownPartition: .missing
        case Self.topicAuthorizationFailed, Self.groupAuthorizationFailed, Self.clusterAuthorizationFailed: .permission
        case Self.saslAuthenticationFailed, Self.authentication: .authentication
        case Self.invalidArgument, Self.clientClosed: .other
        default: isRetriable ? .unreachable : .other
        }
    }
}
