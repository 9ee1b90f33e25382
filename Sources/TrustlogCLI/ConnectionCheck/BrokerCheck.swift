import KafkaClient
import Observability

/// Tries the broker of the settings: whether it answers, has the topics, lets us at them, and takes what we send.
struct BrokerCheck {
    /// The largest record of the contract in its envelope (64 KiB of `extra`, escaped and in base64), with its headers.
    private static let largestRecord = 120 << 10
    /// The largest message that is consumed, with the headers of a dead letter.
    private static let largestDeadLetter = (1 << 20) + (16 << 10)

    let settings: Settings
    let limit: Duration
    let logger: Logger

    func findings() async -> [Finding] {
        let admin: KafkaAdmin
        do {
            admin = try KafkaAdmin(configuration: settings.adminConfiguration, logger: logger)
        } catch {
            return [Finding(.wrong, "broker", "the Kafka client cannot be made: \(error)")]
        }
        let findings = await findings(admin)
        await admin.close()
        return findings
    }

    private func findings(_ admin: KafkaAdmin) async -> [Finding] {
        let brokers = settings.kafka.bootstrapServers.joined(separator: ", ")
        do {
            try await admin.reach(timeout: limit)
        } catch {
            return [
                error.problem == .authentication
                    ? Finding(
                        .unreachable, "broker", "\(brokers) refuses the user (\(error))",
                        hint: error.authenticationHint(settings))
                    : Finding(
                        .unreachable, "broker", "\(brokers) does not answer (\(error))",
                        hint: "see kafka.bootstrap-servers and --timeout")
            ]
        }
        var findings = [Finding(.ok, "broker", "\(brokers) answers")]
        findings += await topic(settings.input.topic, setting: "input.topic", admin)
        findings.append(await group(admin))
        if settings.strategy.publishes {
            findings += await topic(
                settings.output.topic, setting: "output.topic", holds: Self.largestRecord,
                otherwise: "larger records cannot be published and become dead letters", admin)
        }
        findings += await topic(
            settings.input.deadLetterTopic, setting: "input.dead-letter-topic", holds: Self.largestDeadLetter,
            otherwise: "larger messages are replaced by a notice without their value", admin)
        return findings
    }

    // MARK: Topics

    private func topic(
        _ name: String, setting: String, holds size: Int? = nil, otherwise: String = "", _ admin: KafkaAdmin
    ) async -> [Finding] {
        let subject = "topic \(name)"
        let metadata: TopicMetadata
        do {
            guard let found = try await admin.metadata([name], timeout: limit).first else { return [] }
            metadata = found
        } catch {
            return [Finding(.unreachable, subject, "\(error)")]
        }
        if let error = metadata.error { return [missing(subject, setting, error)] }
        let count = metadata.partitions == 1 ? "1 partition" : "\(metadata.partitions) partitions"
        var findings = [Finding(.ok, subject, count)]
        if let size { findings += await self.size(name, subject, size, otherwise, admin) }
        return findings
    }

    private func missing(_ subject: String, _ setting: String, _ error: KafkaError) -> Finding {
        switch error.problem {
        case .missing where settings.kafka.createTopics:
            Finding(.ok, subject, "is not there yet; the service creates it (kafka.create-topics)")
        case .missing:
            Finding(.wrong, subject, "does not exist", hint: "create it, or set \(setting) to one that does")
        case .permission:
            Finding(
                .wrong, subject, "not allowed (\(error))", hint: "grant the user of kafka.properties.* the right to it")
        case .authentication, .other: Finding(.wrong, subject, "\(error)")
        case .unreachable: Finding(.unreachable, subject, "\(error)")
        }
    }

    private func size(
        _ name: String, _ subject: String, _ needed: Int, _ otherwise: String, _ admin: KafkaAdmin
    ) async -> [Finding] {
        do {
            let configuration = try await admin.topicConfiguration(name, timeout: limit)
            guard let limit = configuration["max.message.bytes"].flatMap({ Int($0) }), limit < needed else { return [] }
            return [
                Finding(
                    .warning, subject, "max.message.bytes is \(limit): \(otherwise)",
                    hint: "set it to \(needed) or more")
            ]
        } catch {
            // Not needed for the service to run, and often not granted.
            return [Finding(.warning, subject, "its size limit may not be read (\(error))")]
        }
    }

    // MARK: Group

    private func group(_ admin: KafkaAdmin) async -> Finding {
        let (name, topic) = (settings.input.groupID, settings.input.topic)
        let subject = "group \(name)"
        do throws(KafkaError) {
            // At least one partition is asked for, also of a topic that is still to come.
            let count = max(1, try await admin.metadata([topic], timeout: limit).first?.partitions ?? 0)
            let probe = try GroupProbe(settings, logger: logger)
            let committed: Int
            do throws(KafkaError) {
                committed = try await probe.committedPartitions(of: topic, count: count, timeout: limit)
            } catch {
                await probe.close()
                throw error
            }
            await probe.close()
            return Finding(
                .ok, subject,
                committed == 0
                    ? "has committed nothing yet, so that it starts at the earliest message"
                    : "has committed offsets of \(committed) partitions")
        } catch {
            return error.problem == .permission
                ? Finding(
                    .wrong, subject, "not allowed (\(error))",
                    hint: "grant the user of kafka.properties.* the right to it")
                : Finding(.warning, subject, "cannot be looked at (\(error))")
        }
    }
}
