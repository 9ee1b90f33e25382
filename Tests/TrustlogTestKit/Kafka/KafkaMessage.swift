import CommandLineTool

/// Where a message stands in a topic.
package struct KafkaPosition: Sendable, Hashable, Comparable {
    package let partition: Int
    package let offset: Int

    package init(partition: Int, offset: Int) {
        (self.partition, self.offset) = (partition, offset)
    }

    package static func < (left: KafkaPosition, right: KafkaPosition) -> Bool {
        (left.partition, left.offset) < (right.partition, right.offset)
    }
}

/// A message as kcat read it.
package struct KafkaMessage: Sendable {
    package let position: KafkaPosition
    /// Milliseconds since 1970.
    package let timestamp: Int
    package let key: [UInt8]?
    package let value: [UInt8]?
    /// In the order of the message; empty unless they were asked for.
    package var headers: [(name: String, value: String?)] = []

    package var text: String { String(decoding: value ?? [], as: UTF8.self) }
    package var keyText: String? { key.map { String(decoding: $0, as: UTF8.self) } }

    /// The last header of that name, as readers take it.
    package func header(_ name: String) -> String? {
        headers.last { $0.name == name }?.value
    }

    /// Reads what kcat wrote in the format `%p %o %T %K %S\n%k%s\n`: a line of numbers, then as many bytes as they say.
    static func parse(_ output: [UInt8]) throws(CommandError) -> [KafkaMessage] {
        var messages: [KafkaMessage] = []
        var rest = output[...]
        while let lineEnd = rest.firstIndex(of: UInt8(ascii: "\n")) {
            let line = String(decoding: rest[..<lineEnd], as: UTF8.self)
            let numbers = line.split(separator: " ").compactMap { Int($0) }
            guard numbers.count == 5 else { throw CommandError("not a message of kcat: \(line.prefix(200))") }
            rest = rest[(lineEnd + 1)...]
            let (keySize, valueSize) = (max(0, numbers[3]), max(0, numbers[4]))
            guard rest.count > keySize + valueSize else { throw CommandError("kcat's output is cut off") }
            let key = rest.prefix(keySize)
            let value = rest.dropFirst(keySize).prefix(valueSize)
            messages.append(
                KafkaMessage(
                    position: KafkaPosition(partition: numbers[0], offset: numbers[1]), timestamp: numbers[2],
                    key: numbers[3] < 0 ? nil : Array(key), value: numbers[4] < 0 ? nil : Array(value)))
            rest = rest.dropFirst(keySize + valueSize + 1)
        }
        return messages
    }
}

/// The headers in a line of `kcat -J`.
struct MessageHeaders {
    let position: KafkaPosition
    let headers: [(name: String, value: String?)]

    init(line: Substring) throws {
        let json = try JSONValue(json: line.utf8)
        guard let partition = json["partition"]?.integerValue, let offset = json["offset"]?.integerValue else {
            throw CommandError("not a message of kcat: \(line.prefix(200))")
        }
        position = KafkaPosition(partition: partition, offset: offset)
        let pairs = json["headers"]?.arrayValue ?? []
        headers = stride(from: 0, to: pairs.count - 1, by: 2).compactMap { index in
            pairs[index].stringValue.map { ($0, pairs[index + 1].stringValue) }
        }
    }
}
