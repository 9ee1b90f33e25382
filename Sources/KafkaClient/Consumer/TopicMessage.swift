/// A message as copied out of librdkafka's memory.
package struct TopicMessage: Sendable {
    package var partition: Int32
    package var offset: Int64
    /// `nil` where the topic's messages carry no time.
    package var timestampMilliseconds: Int64?
    /// `nil`: the message has no key, which is not the same as an empty one.
    package var key: [UInt8]?
    /// `nil`: a tombstone.
    package var value: [UInt8]?

    init(_ message: borrowing ConsumedMessage) {
        partition = message.partition
        offset = message.offset
        timestampMilliseconds = message.timestampMilliseconds
        key = message.key.map { Array($0) }
        value = message.value.map { Array($0) }
    }
}
