import CRdKafka

/// Transactions (KIP-98). Each method runs on the producer's own thread for blocking calls.
///
/// An error says what to do: `isRetriable`: call the same again; `requiresAbort`: ``abortTransaction(timeout:)``, then begin
/// anew; `isFatal`: close the producer and make a new one. After an abort because of a refused record the next transaction
/// may fail once with ``KafkaError/outOfOrderSequence``, whatever it holds: abort it and repeat it unchanged.
extension KafkaProducer {
    /// To be called once, before anything is produced: fences earlier producers of the same transactional id.
    package func initTransactions(timeout: Duration) async throws(KafkaError) {
        try await blocking { rd_kafka_init_transactions($0, timeout.milliseconds) }
    }

    package func beginTransaction() async throws(KafkaError) {
        try await blocking { rd_kafka_begin_transaction($0) }
    }

    /// Commits offsets of consumed messages with the transaction, fenced by the membership in `group`.
    package func sendOffsets(
        _ offsets: [PartitionOffset], group: ConsumerGroupMetadata, timeout: Duration
    ) async throws(KafkaError) {
        try await blocking { client in
            let list = PartitionList(offsets, missing: Int64(RD_KAFKA_OFFSET_INVALID))
            return list.withPointer { list in
                withExtendedLifetime(group) {
                    rd_kafka_send_offsets_to_transaction(client, list, group.pointer, timeout.milliseconds)
                }
            }
        }
    }

    /// Waits for the messages' delivery, then commits.
    package func commitTransaction(timeout: Duration) async throws(KafkaError) {
        try await blocking { rd_kafka_commit_transaction($0, timeout.milliseconds) }
    }

    /// Gives up what waits, then aborts.
    package func abortTransaction(timeout: Duration) async throws(KafkaError) {
        try await blocking { rd_kafka_abort_transaction($0, timeout.milliseconds) }
    }

    private func blocking(
        _ call: @escaping @Sendable (OpaquePointer) -> OpaquePointer?
    ) async throws(KafkaError) {
        guard let transactions else {
            throw KafkaError(code: KafkaError.invalidState, message: "this producer has no transactional id")
        }
        try await transactions.run { [core] () throws(KafkaError) in
            try core.whileOpen { () throws(KafkaError) in
                try KafkaError.check(call(core.client.pointer))
            }
        }
    }
}
