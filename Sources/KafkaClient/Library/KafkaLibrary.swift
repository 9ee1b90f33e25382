import CRdKafka

/// The librdkafka that the process runs with.
package enum KafkaLibrary {
    /// As the library tells it, for example `2.0.2`.
    package static var version: String { String(cString: rd_kafka_version_str()) }

    /// `cooperative-sticky` before 2.10.1 loses assignments and rebalances in circles.
    static var hasSoundCooperativeAssignor: Bool { rd_kafka_version() >= 0x020a_01ff }

    /// SCRAM before 2.6.1 repeats its own half of the nonce, which brokers from 4.0 on refuse as a wrong password (their fix of
    /// CVE-2024-56128).
    package static var hasSoundSCRAM: Bool { rd_kafka_version() >= 0x0206_01ff }
}
