import KafkaClient
import Observability
import OperationStore
import TrustlogCore
import TrustlogService
import TrustlogTestKit

/// An operation that keeps the contract, with the fields that a test cares for.
func sampleOperation(_ opId: String, doid: String = "86.1000/object", extra: String? = nil) -> Operation {
    Operation(
        opId: opId, timestamp: Timestamp(microseconds: 1_700_000_000_123_456), opSource: "IRP", opType: "OC_REGISTER",
        doPrefix: "86.1000", doRepository: "86.1000/repository", doid: doid, producerId: "producer-1",
        opActor: "actor-1", extra: extra)
}

/// The same as a message's value.
func sampleJSON(_ opId: String, doid: String = "86.1000/object", opType: String = "OC_REGISTER") -> [UInt8] {
    Array(
        """
        {"opId":"\(opId)","timestamp":"2026-01-02T03:04:05Z","opSource":"IRP","opType":"\(opType)",\
        "doPrefix":"86.1000","doRepository":"86.1000/repository","doid":"\(doid)","producerId":"p","opActor":"a"}
        """.utf8)
}

let partitionZero = TopicPartition(topic: "operations", partition: 0)

/// A database in a folder of its own, deleted with this object.
final class TestDatabase: Sendable {
    private let folder: TemporaryFolder
    let store: ScriptedStore
    var path: String { folder["trustlog.db"] }

    init(hasSchema: Bool = true) async throws {
        folder = try TemporaryFolder()
        let base = try StoreFactory.open(
            url: "sqlite:\(folder["trustlog.db"])", password: nil, options: StoreOptions(),
            logger: CapturingLogHandler().logger())
        if hasSchema { try await base.migrate() }
        store = ScriptedStore(base)
    }

    /// Inserts operations as an application does, from nowhere in Kafka.
    func insert(_ operations: [Operation]) async throws {
        _ = try await store.base.persist(
            IngestBatch(
                group: "none", initialStatus: .waiting,
                rows: operations.map { IncomingOperation(operation: $0, source: nil, headers: nil) }, positions: []))
    }

    func status(of opId: String) async throws -> OperationStatus? {
        try await store.base.operation(opId: opId)?.status
    }

    func nextOffset(_ partition: Int32 = 0, group: String = "trustlog") async throws -> Int64? {
        try await store.base.positions(group: group, topic: "operations").first { $0.partition == partition }?
            .nextOffset
    }
}

func makeSigner() throws -> any EnvelopeSigner {
    try SigningKey.load(pem: Array(KeyPair.generate(.ed25519).privatePEM.utf8))
}

func makeConfiguration(_ servers: String, consumer: [String: String] = [:]) -> ServiceConfiguration {
    ServiceConfiguration(
        consumer: KafkaConfiguration(bootstrapServers: servers, properties: consumer),
        producer: KafkaConfiguration(bootstrapServers: servers))
}

let noHeartbeat: HeartbeatFactory = { _, _ in {} }
