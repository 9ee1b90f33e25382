/// Where an operation was consumed from (contract, section 2): part of the signed record.
public struct RecordSource: Sendable, Equatable {
    public var topic: String
    public var partition: Int32
    public var offset: Int64
    /// Lowercase hexadecimal SHA-256 of the message value as received, 64 characters.
    public var digest: String

    public init(topic: String, partition: Int32, offset: Int64, digest: String) {
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.digest = digest
    }
}

extension RecordSource: CustomStringConvertible {
    public var description: String { "\(topic) [\(partition)] at offset \(offset)" }
}
