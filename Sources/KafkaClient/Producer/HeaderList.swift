import CRdKafka

/// The headers of a message to produce, in order; names may repeat and values may be absent.
///
/// Names and values lie one after another in one arena, so that a list which is emptied and filled again allocates nothing.
package struct HeaderList: Sendable {
    private var arena: [UInt8] = []
    private var entries: [trustlog_kafka_header_t] = []

    package init() {}

    package var count: Int { entries.count }

    package mutating func reserve(headers: Int, bytes: Int) {
        entries.reserveCapacity(headers)
        arena.reserveCapacity(bytes)
    }

    /// Keeps the memory.
    package mutating func removeAll() {
        arena.removeAll(keepingCapacity: true)
        entries.removeAll(keepingCapacity: true)
    }

    /// Drops the headers after the first `count` of them, so that what all messages have in common is built once.
    package mutating func truncate(to count: Int) {
        guard count < entries.count, count >= 0 else { return }
        arena.removeLast(arena.count - Int(entries[count].name_offset))
        entries.removeLast(entries.count - count)
    }

    package mutating func append(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer?) {
        let start = begin(name)
        if let value { arena.append(contentsOf: value) }
        end(start, name.count, hasValue: value != nil)
    }

    package mutating func append(_ name: StaticString, _ value: UnsafeRawBufferPointer?) {
        name.withUTF8Buffer { append(UnsafeRawBufferPointer($0), value) }
    }

    package mutating func append(_ name: StaticString, _ value: some Collection<UInt8>) {
        name.withUTF8Buffer { name in
            let start = begin(UnsafeRawBufferPointer(name))
            arena.append(contentsOf: value)
            end(start, name.count, hasValue: true)
        }
    }

    /// Both in UTF-8.
    package mutating func append(_ name: String, _ value: String?) {
        let start = arena.count
        arena.append(contentsOf: name.utf8)
        let length = arena.count - start
        if let value { arena.append(contentsOf: value.utf8) }
        end(start, length, hasValue: value != nil)
    }

    private mutating func begin(_ name: UnsafeRawBufferPointer) -> Int {
        let start = arena.count
        arena.append(contentsOf: name)
        return start
    }

    private mutating func end(_ start: Int, _ nameLength: Int, hasValue: Bool) {
        let value = start + nameLength
        entries.append(
            trustlog_kafka_header_t(
                name_offset: UInt32(clamping: start), name_length: UInt32(clamping: nameLength),
                value_offset: UInt32(clamping: value),
                value_length: hasValue ? Int32(clamping: arena.count - value) : -1))
    }

    /// `body` gets the arena and the entries, as the C shim takes them.
    borrowing func withC<R>(
        _ body: (UnsafePointer<CChar>?, UnsafeBufferPointer<trustlog_kafka_header_t>) -> R
    ) -> R {
        arena.withUnsafeBytes { bytes in
            entries.withUnsafeBufferPointer { entries in
                body(bytes.baseAddress?.assumingMemoryBound(to: CChar.self), entries)
            }
        }
    }
}
