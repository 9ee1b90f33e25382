import KafkaClient
import Observability
import Testing

@testable import TrustlogCore

extension Logger {
    static let discarding = Logger(label: "test", level: .critical, handler: Discarding())

    private struct Discarding: LogHandler {
        func log(level: Logger.Level, message: String, metadata: Logger.Metadata, label: String) {}
    }
}

/// A broker in this process, with topics of a few partitions.
struct BrokerFixture {
    let cluster: MockCluster

    init(topics: [String] = ["operations", "trustlog"], partitions: Int = 3) throws {
        cluster = try MockCluster()
        for topic in topics { try cluster.createTopic(topic, partitions: partitions) }
    }

    var servers: String { cluster.bootstrapServers }
    var environment: [String: String] { ["TRUSTLOG_KAFKA_BOOTSTRAP_SERVERS": servers] }

    /// Produces values, `nil` a tombstone.
    func send(_ values: [[UInt8]?], to topic: String, partition: Int32? = nil) async throws {
        let producer = try KafkaProducer(
            configuration: KafkaConfiguration(bootstrapServers: servers), logger: .discarding)
        let batch = producer.batch(count: values.count)
        for (index, value) in values.enumerated() {
            let error = (value ?? []).withUnsafeBytes { bytes in
                producer.produce(
                    topic: topic, partition: partition, key: nil, value: value == nil ? nil : bytes,
                    headers: HeaderList(), batch: batch, index: index)
            }
            #expect(error == nil)
        }
        for result in await batch.results() {
            guard case .delivered = result else {
                Issue.record("not delivered: \(result)")
                continue
            }
        }
        await producer.close(deadline: .seconds(5))
    }

    /// Everything that the topic holds.
    func messages(of topic: String) async throws -> [TopicMessage] {
        let reader = try TopicReader(
            configuration: KafkaConfiguration(bootstrapServers: servers), logger: .discarding)
        _ = try await reader.open(topic, at: .beginning, stopsAtEnd: true, timeout: .seconds(10))
        var messages: [TopicMessage] = []
        while await !reader.isComplete {
            messages += try await reader.read(maxMessages: 1_000, maxBytes: 1 << 20, timeout: .seconds(10))
        }
        await reader.close()
        return messages
    }
}

/// Signed envelopes, and the files of the keys that go with them.
struct EvidenceFixture {
    let directory: TemporaryDirectory
    let publicKey: String
    let privateKey: String
    private let signer: any EnvelopeSigner
    private let encoder: EnvelopeEncoder

    init() throws {
        directory = try TemporaryDirectory()
        let pair = try KeyPair.generate(.ed25519)
        privateKey = try directory.file("key", pair.privatePEM, mode: 0o600)
        publicKey = try directory.file("key.pub", pair.publicPEM)
        signer = try SigningKey.load(pem: Array(pair.privatePEM.utf8))
        encoder = EnvelopeEncoder(signers: [signer])
    }

    func envelope(_ number: Int) throws -> [UInt8] {
        let operation = try OperationDecoder.decode(Array(operationLine(number).utf8)).get()
        return try encoder.encode(record: Record.encode(operation, source: nil))
    }

    /// A validly signed envelope of whatever payload and type.
    func envelope(payload: String, type: String = Envelope.payloadType) throws -> String {
        let payload = Array(payload.utf8)
        let message = Envelope.preAuthenticationEncoding(payloadType: type, payload: payload)
        let signature = try message.withUnsafeBytes { try signer.sign($0) }
        return """
            {"payload":"\(base64(payload))","payloadType":"\(type)","signatures":[{"sig":"\(base64(signature))"}]}
            """
    }

    private func base64(_ bytes: [UInt8]) -> String { String(decoding: Base64.encode(bytes.span), as: UTF8.self) }

    /// Envelopes, a line each.
    func lines(_ numbers: Range<Int>) throws -> String {
        try numbers.map { String(decoding: try envelope($0), as: UTF8.self) + "\n" }.joined()
    }
}

/// An operation as applications write it.
func operationLine(_ number: Int) -> String {
    """
    {"opId":"op-\(number)","timestamp":"2026-01-02T03:04:05.000006Z","opSource":"IRP","opType":"OC_REGISTER",\
    "doPrefix":"86.1000","doRepository":"r","doid":"86.1000/\(number % 7)","producerId":"p","opActor":"a"}
    """
}
