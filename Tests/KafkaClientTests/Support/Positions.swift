import KafkaClient
import Synchronization

/// The positions that a group's members share, as the service's database does: each goes on where the others stopped.
final class Positions: Sendable {
    private let next = Mutex<[TopicPartition: Int64]>([:])

    /// Starts whatever `driver` is assigned at the positions known by then.
    func follow(_ driver: ConsumerDriver) {
        let consumer = driver.consumer
        driver.journal.onRebalance { [unowned consumer] event in
            guard case .assigned(let partitions) = event else { return }
            let known = self.next.withLock { $0 }
            try? consumer.start(partitions.map { PartitionOffset($0, offset: known[$0]) })
        }
    }

    /// Notes what was read; returns how many messages all members have read together.
    @discardableResult
    func note(_ records: [Record]) -> Int64 {
        next.withLock { next in
            for record in records {
                let partition = TopicPartition(topic: record.topic, partition: record.partition)
                next[partition] = max(next[partition] ?? 0, record.offset + 1)
            }
            return next.values.reduce(0, +)
        }
    }
}
