import Testing
import TrustlogService

@testable import TrustlogCLI

@Suite("Settings as the workers take them")
struct ServiceConfigurationTests {
    /// No value here is the default.
    private static let everything = """
        strategy: db-only
        instance.id: me
        kafka: {bootstrap-servers: [a:1], create-topics: true}
        input: {topic: i, group-id: g, session-timeout: 11s, batch-size: 11, batch-bytes: 64KiB, dead-letter-topic: d}
        output: {topic: o, key: none, source: /s, forward-headers: [h]}
        database.migrate: false
        cursor: {interval: 12s, batch-size: 12, max-in-flight: 13, count: 14, lease: 15s}
        retry: {interval: 16s, batch-size: 17, max-count: 18, initial-backoff: 19s, multiplier: 2.5}
        shutdown.timeout: 20s
        """

    @Test("no setting of the workers is left behind on the way to them")
    func nothingIsForgotten() throws {
        let settings = try load(Self.everything).settings
        let given = leaves(of: ServiceConfiguration(settings))
        let byDefault = leaves(
            of: ServiceConfiguration(
                consumer: settings.consumerConfiguration, producer: settings.producerConfiguration))
        #expect(given.keys == byDefault.keys)
        for (path, value) in given where !path.hasPrefix("consumer.") && !path.hasPrefix("producer.") {
            #expect(value != byDefault[path], "\(path)")
        }
    }

    @Test("each setting arrives where it belongs")
    func values() throws {
        let configuration = ServiceConfiguration(try load(Self.everything).settings)
        #expect(configuration.strategy == .databaseOnly)
        #expect(configuration.instanceID == "me")
        #expect(configuration.input.topic == "i" && configuration.input.group == "g")
        #expect(configuration.input.sessionTimeout == .seconds(11))
        #expect(configuration.input.batchSize == 11 && configuration.input.batchBytes == 65_536)
        #expect(configuration.input.deadLetterTopic == "d")
        #expect(configuration.output.topic == "o" && configuration.output.key == .none)
        #expect(configuration.output.source == "/s" && configuration.output.forwardHeaders == ["h"])
        #expect(configuration.cursor.interval == .seconds(12) && configuration.cursor.lease == .seconds(15))
        #expect(configuration.cursor.batchSize == 12 && configuration.cursor.maxInFlight == 13)
        #expect(configuration.cursor.count == 14)
        #expect(configuration.retry.interval == .seconds(16) && configuration.retry.initialBackoff == .seconds(19))
        #expect(configuration.retry.batchSize == 17 && configuration.retry.maxCount == 18)
        #expect(configuration.retry.multiplier == 2.5)
        #expect(configuration.shutdownTimeout == .seconds(20))
    }

    /// Every stored value by its path, as text.
    private func leaves(of value: Any, path: String = "") -> [String: String] {
        let mirror = Mirror(reflecting: value)
        guard mirror.displayStyle == .struct, !(value is Duration) else { return [path: "\(value)"] }
        return mirror.children.reduce(into: [:]) { result, child in
            let name = path.isEmpty ? child.label ?? "" : path + "." + (child.label ?? "")
            result.merge(leaves(of: child.value, path: name)) { first, _ in first }
        }
    }
}
