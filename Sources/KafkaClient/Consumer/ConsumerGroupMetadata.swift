import CRdKafka

/// A consumer's membership as a transaction has to name it, so that the broker can fence a member that lost its partitions.
// @unchecked: librdkafka's object is never changed after its creation.
package final class ConsumerGroupMetadata: @unchecked Sendable {
    let pointer: OpaquePointer

    init?(ofConsumer consumer: OpaquePointer) {
        guard let pointer = rd_kafka_consumer_group_metadata(consumer) else { return nil }
        self.pointer = pointer
    }

    /// Whether it names a member and its generation. A broker takes offsets from a transaction that names none as those of
    /// a client which knows no fencing: such an object protects nothing.
    package var isMember: Bool {
        var buffer: UnsafeMutableRawPointer?
        var size = 0
        if let error = rd_kafka_consumer_group_metadata_write(pointer, &buffer, &size) {
            rd_kafka_error_destroy(error)
            return false
        }
        guard let buffer else { return false }
        defer { rd_kafka_mem_free(nil, buffer) }
        return Self.namesMember(UnsafeRawBufferPointer(start: buffer, count: size))
    }

    /// librdkafka's own form: a magic, the generation in the machine's order, then group and member, each ended by NUL. One
    /// of another version is taken as it is.
    private static func namesMember(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let magic = "CGMDv2:".utf8
        guard bytes.count >= magic.count + 4, bytes.prefix(magic.count).elementsEqual(magic) else { return true }
        let generation = bytes.loadUnaligned(fromByteOffset: magic.count, as: Int32.self)
        let names = bytes.dropFirst(magic.count + 4)
        let member = names.drop { $0 != 0 }.dropFirst().prefix { $0 != 0 }
        return generation >= 0 && !member.isEmpty
    }

    deinit {
        rd_kafka_consumer_group_metadata_destroy(pointer)
    }
}
