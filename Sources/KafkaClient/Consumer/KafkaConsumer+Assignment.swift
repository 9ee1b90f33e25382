import BlockingExecutor
import CRdKafka
import Observability
import Synchronization

extension KafkaConsumer {
    // MARK: Rebalances

    /// librdkafka's rebalance callback: on the executor's thread, inside a poll.
    func rebalance(_ handle: OpaquePointer, _ code: rd_kafka_resp_err_t, _ partitions: [TopicPartition]) {
        flushProgress()
        switch code {
        case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS:
            assigned(handle, partitions)
        case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS:
            revoked(handle, partitions)
        default:
            failed(KafkaError(code))
            logger.error("the group could not be rebalanced", metadata: ["error": KafkaError(code).description])
            assignment.withLock { $0.revokeAll() }
            rd_kafka_assign(handle, nil)
        }
    }

    /// The group is told that the assignment is accepted; librdkafka is given nothing to read until the positions are known.
    private func assigned(_ handle: OpaquePointer, _ partitions: [TopicPartition]) {
        assignment.withLock { $0.assign(partitions) }
        let nothing = PartitionList()
        report("an assignment could not be accepted") { () throws(KafkaError) in
            if Self.isCooperative(handle) {
                try nothing.checkObject { rd_kafka_incremental_assign(handle, $0) }
            } else {
                try nothing.check { rd_kafka_assign(handle, $0) }
            }
        }
        onRebalance(.assigned(partitions))
    }

    private func revoked(_ handle: OpaquePointer, _ partitions: [TopicPartition]) {
        let isLost = rd_kafka_assignment_lost(handle) != 0
        onRebalance(isLost ? .lost(partitions) : .revoked(partitions))
        report("an assignment could not be given back") { () throws(KafkaError) in
            // librdkafka would remember the pause if the partition came back.
            let paused = assignment.withLock { $0.startedAndPaused(among: partitions) }
            if !paused.isEmpty {
                try PartitionList(paused).check { rd_kafka_resume_partitions(handle, $0) }
            }
            if Self.isCooperative(handle) {
                let list = PartitionList(assignment.withLock { $0.revoke(partitions) })
                try list.checkObject { rd_kafka_incremental_unassign(handle, $0) }
            } else {
                assignment.withLock { $0.revokeAll() }
                try KafkaError.check(rd_kafka_assign(handle, nil))
            }
        }
    }

    static func isCooperative(_ handle: OpaquePointer) -> Bool {
        rd_kafka_rebalance_protocol(handle).map { String(cString: $0) == "COOPERATIVE" } ?? false
    }

    private func report(_ what: String, _ body: () throws(KafkaError) -> Void) {
        do {
            try body()
        } catch {
            failed(error)
            logger.error(what, metadata: ["error": error.description])
        }
    }

    // MARK: Starting

    /// Counts the assignments of this consumer: to be read in the handler of `.assigned` and given to
    /// ``start(_:generation:)`` with the positions that were found out for it.
    package var generation: Int { assignment.withLock { $0.generation } }

    /// Begins to read assigned partitions at the offsets given (`nil`: the earliest). Partitions that were revoked
    /// meanwhile, that came anew with a later assignment than `generation`, or that are started already are left alone.
    package func start(_ positions: [PartitionOffset], generation: Int? = nil) throws(KafkaError) {
        let client = try open().client
        flushProgress()
        // To assign would make librdkafka forget that the assignment is lost; the handler is about to be told.
        guard rd_kafka_assignment_lost(client.pointer) == 0 else { return }
        let started = assignment.withLock { $0.start(positions, generation: generation) }
        guard !started.isEmpty else { return }
        try read(started, client)
    }

    /// Makes librdkafka read `positions` besides what it reads already.
    private func read(_ positions: [PartitionOffset], _ client: ClientHandle) throws(KafkaError) {
        if Self.isCooperative(client.pointer) {
            let list = PartitionList(positions, missing: Self.earliest)
            try list.checkObject { rd_kafka_incremental_assign(client.pointer, $0) }
        } else {
            // With an eager assignor an assignment is replaced as a whole: the others go on where they are.
            let list = PartitionList(assignment.withLock { $0.startedPositions }, missing: Self.earliest)
            try list.check { rd_kafka_assign(client.pointer, $0) }
        }
        let paused = assignment.withLock { $0.startedAndPaused() }
        if !paused.isEmpty {
            try PartitionList(paused).check { rd_kafka_pause_partitions(client.pointer, $0) }
        }
    }

    static var earliest: Int64 { Int64(RD_KAFKA_OFFSET_BEGINNING) }

    // MARK: Flow

    /// Stops fetching; what librdkafka has fetched ahead is dropped and fetched again later. Keep polling.
    package func pause(_ partitions: [TopicPartition]) throws(KafkaError) {
        let client = try open().client
        flushProgress()
        assignment.withLock { $0.setPaused(true, partitions) }
        let started = assignment.withLock { $0.startedAndPaused(among: partitions) }
        guard !started.isEmpty else { return }
        try PartitionList(started).check { rd_kafka_pause_partitions(client.pointer, $0) }
    }

    package func resume(_ partitions: [TopicPartition]) throws(KafkaError) {
        let client = try open().client
        flushProgress()
        let started = assignment.withLock { assignment in
            let started = assignment.startedAndPaused(among: partitions)
            assignment.setPaused(false, partitions)
            return started
        }
        guard !started.isEmpty else { return }
        try PartitionList(started).check { rd_kafka_resume_partitions(client.pointer, $0) }
    }

    /// Goes on reading a started partition at another offset (`nil`: the earliest), also after an error stopped it, as
    /// `auto.offset.reset` does. A partition that is not started, or was revoked meanwhile, is left alone.
    package func seek(to position: PartitionOffset) throws(KafkaError) {
        let client = try open().client
        flushProgress()
        let partition = position.topicPartition
        guard assignment.withLock({ $0.isStarted(partition) }) else { return }
        assignment.withLock { $0.move(partition, to: position.offset) }
        // librdkafka's own seek refuses a partition that an error has stopped; an assignment starts it in any case.
        if Self.isCooperative(client.pointer) {
            let list = PartitionList([partition])
            try list.checkObject { rd_kafka_incremental_unassign(client.pointer, $0) }
        }
        try read([position], client)
    }

    /// The offset of the next message; `nil` where the partition is not started or nothing was read from the earliest on.
    package func position(of partition: TopicPartition) -> Int64? {
        assert(executor.isCurrent, "a consumer is used on the thread of its executor only")
        flushProgress()
        return assignment.withLock { $0.position(of: partition) }
    }

    /// The partitions that the group assigns to this consumer now.
    package var assignedPartitions: [TopicPartition] { assignment.withLock { Array($0.partitions.keys) } }
}
