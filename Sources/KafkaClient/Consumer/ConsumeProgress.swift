import CRdKafka
import Glibc
import Synchronization

/// The run of messages of one partition that is being consumed, so that the shared state is changed once a run and not once
/// a message, and the topic names seen, so that none is made anew for each message.
struct ConsumeProgress {
    private struct Name {
        var bytes: [CChar]
        var string: String
    }

    private var names: [Name] = []
    private var current = 0
    private(set) var partition: Int32 = -1
    private(set) var first: Int64 = 0
    private(set) var next: Int64?

    var topic: String? { names.indices.contains(current) ? names[current].string : nil }

    /// Whether a message of this partition would go on with the run.
    func isRun(of name: UnsafePointer<CChar>, _ partition: Int32) -> Bool {
        next != nil && partition == self.partition && strcmp(names[current].bytes, name) == 0
    }

    mutating func begin(_ name: UnsafePointer<CChar>, _ partition: Int32, at first: Int64) {
        self.partition = partition
        self.first = first
        if let index = names.firstIndex(where: { strcmp($0.bytes, name) == 0 }) {
            current = index
        } else {
            current = names.count
            names.append(
                Name(
                    bytes: Array(UnsafeBufferPointer(start: name, count: strlen(name) + 1)),
                    string: String(cString: name)))
        }
    }

    mutating func advance(to next: Int64) {
        self.next = next
    }

    mutating func end() {
        next = nil
    }
}

extension KafkaConsumer {
    /// Notes a message as consumed; returns its topic.
    func note(_ message: UnsafeMutablePointer<rd_kafka_message_t>) -> String {
        guard let name = rd_kafka_topic_name(message.pointee.rkt) else { return "" }
        if !progress.isRun(of: name, message.pointee.partition) {
            flushProgress()
            progress.begin(name, message.pointee.partition, at: message.pointee.offset)
        }
        progress.advance(to: message.pointee.offset + 1)
        return progress.topic ?? ""
    }

    func flushProgress() {
        guard let topic = progress.topic, let next = progress.next else { return }
        let partition = TopicPartition(topic: topic, partition: progress.partition)
        assignment.withLock { $0.consumed(partition, first: progress.first, next: next) }
        progress.end()
    }
}
