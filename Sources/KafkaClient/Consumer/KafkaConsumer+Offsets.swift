import BlockingExecutor
import CRdKafka
import Synchronization

/// Synchronous commits that wait for their outcome, by the number that librdkafka carries along.
struct PendingCommits {
    private var outcomes: [Int: KafkaError?] = [:]
    private var lastNumber = 0

    mutating func begin() -> Int {
        lastNumber += 1
        return lastNumber
    }

    mutating func settle(_ number: Int, _ error: KafkaError?) {
        outcomes[number] = .some(error)
    }

    mutating func take(_ number: Int) -> KafkaError?? {
        outcomes.removeValue(forKey: number)
    }
}

extension KafkaConsumer {
    /// What the group committed, with metadata; `offset` is `nil` where it has committed nothing. Blocks.
    package func committed(
        _ partitions: [TopicPartition], timeout: Duration
    ) throws(KafkaError) -> [PartitionOffset] {
        let client = try open().client
        let list = PartitionList(partitions)
        try list.check { rd_kafka_committed(client.pointer, $0, timeout.milliseconds) }
        try list.checkEach()
        context.health.answered()
        return list.offsets
    }

    /// Commits offsets of the next messages to read, with metadata. Asynchronously, the outcome goes to `onCommit` in a
    /// later poll; synchronously, it waits up to `timeout`, and an error of one partition is an error of the call.
    package func commit(
        _ offsets: [PartitionOffset], synchronously: Bool, timeout: Duration = .seconds(5)
    ) throws(KafkaError) {
        let handles = try open()
        guard !offsets.isEmpty else { return }
        let list = PartitionList(offsets, missing: Int64(RD_KAFKA_OFFSET_INVALID))
        if synchronously {
            try commitSynchronously(list, handles.client, timeout)
        } else {
            try list.check { list in
                rd_kafka_commit_queue(
                    handles.client.pointer, list, handles.queue.pointer,
                    { handle, code, list, _ in
                        guard let consumer = ConsumerContext.consumer(of: handle) else { return }
                        let offsets = list.map { PartitionList.offsets(of: $0) } ?? []
                        consumer.onCommit(offsets, KafkaConsumer.outcome(of: code, list))
                    }, nil)
            }
        }
    }

    /// librdkafka's own synchronous commit has no time-out; this one waits on a queue of its own.
    private func commitSynchronously(
        _ list: borrowing PartitionList, _ client: ClientHandle, _ timeout: Duration
    ) throws(KafkaError) {
        guard let queue = rd_kafka_queue_new(client.pointer) else { throw .closed }
        defer { rd_kafka_queue_destroy(queue) }
        let number = commits.withLock { $0.begin() }
        try list.check { list in
            rd_kafka_commit_queue(
                client.pointer, list, queue,
                { handle, code, list, opaque in
                    guard let handle, let consumer = ConsumerContext.consumer(of: handle) else { return }
                    let error = KafkaConsumer.outcome(of: code, list)
                    consumer.commits.withLock { $0.settle(Int(bitPattern: opaque), error) }
                    // Ends the poll below.
                    rd_kafka_yield(handle)
                }, UnsafeMutableRawPointer(bitPattern: number))
        }
        let deadline = ContinuousClock.now + timeout
        while ContinuousClock.now < deadline {
            if let message = rd_kafka_consume_queue(queue, (deadline - .now).milliseconds) {
                rd_kafka_message_destroy(message)
            }
            if let outcome = commits.withLock({ $0.take(number) }) {
                if let error = outcome { throw error }
                context.health.answered()
                return
            }
        }
        throw KafkaError(code: KafkaError.timedOut, message: "the group's coordinator did not acknowledge a commit")
    }

    private static func outcome(
        of code: rd_kafka_resp_err_t, _ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
    ) -> KafkaError? {
        if code != RD_KAFKA_RESP_ERR_NO_ERROR { return KafkaError(code) }
        guard let list else { return nil }
        let failed = (0..<Int(list.pointee.cnt)).lazy.map { list.pointee.elems[$0].err }
            .first { $0 != RD_KAFKA_RESP_ERR_NO_ERROR }
        return failed.map { KafkaError($0) }
    }

    // MARK: Ends of the log

    /// The first offset that the partition still has, and the one after its last, asked from the broker. Blocks.
    package func watermarks(
        of partition: TopicPartition, timeout: Duration
    ) throws(KafkaError) -> (low: Int64, high: Int64) {
        let client = try open().client
        var low: Int64 = 0
        var high: Int64 = 0
        try KafkaError.check(
            rd_kafka_query_watermark_offsets(
                client.pointer, partition.topic, partition.partition, &low, &high, timeout.milliseconds))
        context.health.answered()
        assignment.withLock { $0.learned(high: high, of: partition) }
        return (low, high)
    }

    /// Asks the brokers where partitions end, in one request each, for ``lag()``: of a paused partition nothing else tells.
    /// Blocks.
    package func learnEnds(of partitions: [TopicPartition], timeout: Duration) throws(KafkaError) {
        let client = try open().client
        guard !partitions.isEmpty else { return }
        let list = PartitionList(
            partitions.map { PartitionOffset($0, offset: nil) }, missing: Int64(RD_KAFKA_OFFSET_END))
        try list.check { rd_kafka_offsets_for_times(client.pointer, $0, timeout.milliseconds) }
        try list.checkEach()
        context.health.answered()
        assignment.withLock { assignment in
            for end in list.offsets {
                if let high = end.offset { assignment.learned(high: high, of: end.topicPartition) }
            }
        }
    }

    /// Tells what may be committed, or was committed by a transaction: ``lag()`` counts from there.
    package func settled(_ partition: TopicPartition, before offset: Int64) {
        assert(executor.isCurrent, "a consumer is used on the thread of its executor only")
        assignment.withLock { $0.settled(partition, offset) }
    }

    /// How far what is settled of each assigned partition (see ``settled(_:before:)``) is behind the partition's end, of
    /// those for which that is known: 0 at the end, whatever transaction markers stand there. May be called from any thread;
    /// it asks nobody.
    package func lag() -> [(TopicPartition, Int64)] {
        let known = assignment.withLock { $0 }
        return handles.withLock { handles in
            guard let client = handles?.client else { return [] }
            return known.partitions.keys.compactMap { partition in
                known.lag(of: partition, watermarks: watermarks(cachedOf: partition, client)).map { (partition, $0) }
            }
        }
    }

    func watermarks(cachedOf partition: TopicPartition, _ client: ClientHandle) -> (low: Int64, high: Int64)? {
        var low: Int64 = 0
        var high: Int64 = 0
        let result = rd_kafka_get_watermark_offsets(
            client.pointer, partition.topic, partition.partition, &low, &high)
        guard result == RD_KAFKA_RESP_ERR_NO_ERROR, low >= 0, high >= 0 else { return nil }
        return (low, high)
    }
}
