import CRdKafka

/// A consumer's membership as a transaction has to name it, so that the broker can fence a member that lost its partitions.
// @unchecked: librdkafka's object is never changed after its creation.
package final class ConsumerGroupMetadata: @unchecked Sendable {
    let pointer: OpaquePointer

    init?(ofConsumer consumer: OpaquePointer) {
        guard let pointer = rd_kafka_consumer_group_metadata(consumer) else { return nil }
        self.pointer = pointer
    }

    deinit {
        rd_kafka_consumer_group_metadata_destroy(pointer)
    }
}
