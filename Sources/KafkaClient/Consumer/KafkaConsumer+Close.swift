import BlockingExecutor
import CRdKafka
import Synchronization

extension KafkaConsumer {
    /// Gives the partitions back (the handler of `.revoked` runs), leaves the group unless it is a static member of it, and
    /// frees everything. Without a broker's answer by `deadline` it ends all the same: the group then waits for the end of
    /// the session. Further calls throw; closing twice does nothing.
    ///
    /// The partitions are given back in any case, for which it takes a moment even if the deadline is over: librdkafka's
    /// threads wait for that, for good.
    ///
    /// librdkafka's blocking close has no deadline and hung when it was woken by a yield; this one polls a queue.
    package func close(deadline: Duration) {
        guard let handles = try? open() else { return }
        executor.onEnqueue(nil)
        waker.close()
        flushProgress()
        var isClosed = true
        if let queue = rd_kafka_queue_new(handles.client.pointer) {
            if let error = rd_kafka_consumer_close_queue(handles.client.pointer, queue) {
                // After a fatal error there is nothing to give back.
                rd_kafka_error_destroy(error)
            } else {
                isClosed = serve(queue, of: handles.client, until: .now + max(deadline, Self.shortestClose))
                if !isClosed { giveBackUnasked(handles.client) }
            }
            rd_kafka_queue_destroy(queue)
        }
        self.handles.withLock { $0 = nil }
        assignment.withLock { $0.revokeAll() }
        rd_kafka_queue_destroy(handles.queue.pointer)
        // One that did not leave its group in time may still wait for an answer.
        handles.client.destroy(flags: RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE, inBackground: !isClosed)
    }

    /// Enough for the handlers where librdkafka's threads get the processor.
    private static let shortestClose = Duration.milliseconds(500)

    /// - Returns: whether the consumer has left its group.
    private func serve(_ queue: OpaquePointer, of client: ClientHandle, until limit: ContinuousClock.Instant) -> Bool {
        while rd_kafka_consumer_closed(client.pointer) == 0 {
            guard ContinuousClock.now < limit else { return false }
            if let message = rd_kafka_consume_queue(queue, min((limit - .now).milliseconds, 100)) {
                rd_kafka_message_destroy(message)
            }
        }
        return true
    }

    /// An event that asks for it may stand in a queue that nobody serves any more, and librdkafka's threads would wait for
    /// its answer for good.
    private func giveBackUnasked(_ client: ClientHandle) {
        let held = assignment.withLock { $0.revoke(Array($0.partitions.keys)) }
        if Self.isCooperative(client.pointer) {
            try? PartitionList(held).checkObject { rd_kafka_incremental_unassign(client.pointer, $0) }
        } else {
            rd_kafka_assign(client.pointer, nil)
        }
    }
}
