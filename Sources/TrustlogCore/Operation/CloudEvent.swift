/// CloudEvents 1.0 over Kafka, as far as it is read: the media type that says that a value is an event in structured mode.
enum CloudEvent {
    private static let mediaType: StaticString = "application/cloudevents+json"

    /// Whether a header `content-type` has the media type of a structured event; its parameters do not matter.
    static func isStructured(_ contentType: Span<UInt8>) -> Bool {
        var start = 0
        while start < contentType.count, isBlank(contentType[start]) { start += 1 }
        let end = start + mediaType.utf8CodeUnitCount
        guard end <= contentType.count else { return false }
        for index in start..<end where lowercased(contentType[index]) != mediaType.utf8Start[index - start] {
            return false
        }
        var next = end
        while next < contentType.count, isBlank(contentType[next]) { next += 1 }
        return next == contentType.count || contentType[next] == UInt8(ascii: ";")
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
