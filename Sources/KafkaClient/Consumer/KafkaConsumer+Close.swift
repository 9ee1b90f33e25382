import BlockingExecutor
import CRdKafka
import Synchronization

extension KafkaConsumer {
    /// Gives the partitions back (the handler of `.revoked` runs), leaves the group unless it is a static member of it, and
    /// frees everything. Without a broker's answer by `deadline` it ends all the same: the group then waits for the end of
    /// the session. Further calls throw; closing twice does nothing.
    ///
    /// librdkafka's blocking close has no deadline and hung when it was woken by a yield; this one polls a queue.
    package func close(deadline: Duration) {
        guard let handles = try? open() else { return }
        executor.onEnqueue(nil)
        waker.close()
        flushProgress()
        let limit = ContinuousClock.now + deadline
        if let queue = rd_kafka_queue_new(handles.client.pointer) {
            if let error = rd_kafka_consumer_close_queue(handles.client.pointer, queue) {
                // After a fatal error there is nothing to give back.
                rd_kafka_error_destroy(error)
            } else {
                serve(queue, of: handles.client, until: limit)
            }
            rd_kafka_queue_destroy(queue)
        }
        self.handles.withLock { $0 = nil }
        assignment.withLock { $0.revokeAll() }
        rd_kafka_queue_destroy(handles.queue.pointer)
        handles.client.destroy(flags: RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)
    }

    private func serve(_ queue: OpaquePointer, of client: ClientHandle, until limit: ContinuousClock.Instant) {
        while rd_kafka_consumer_closed(client.pointer) == 0 && ContinuousClock.now < limit {
            let wait = min((limit - .now).milliseconds, 100)
            if let message = rd_kafka_consume_queue(queue, wait) {
                rd_kafka_message_destroy(message)
            }
        }
    }
}
