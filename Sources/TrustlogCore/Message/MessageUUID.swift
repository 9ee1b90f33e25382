/// The UUID of a published message, as Watermill's subscribers read it (contract, section 3).
package enum MessageUUID {
    /// `opId` itself, as written, if it is a UUID of 36 characters; otherwise the UUID of version 5 (RFC 9562, section
    /// 5.5) that `opId` has in the URL namespace.
    package static func string(for opId: String) -> String {
        isUUID(opId.utf8.span) ? opId : nameBased(opId)
    }

    private static func isUUID(_ text: Span<UInt8>) -> Bool {
        guard text.count == 36 else { return false }
        for index in 0..<36 {
            switch index {
            case 8, 13, 18, 23: guard text[index] == UInt8(ascii: "-") else { return false }
            default: guard hexValue(text[index]) != nil else { return false }
            }
        }
        return true
    }

    private static let urlNamespace: [UInt8] = [
        0x6B, 0xA7, 0xB8, 0x11, 0x9D, 0xAD, 0x11, 0xD1, 0x80, 0xB4, 0x00, 0xC0, 0x4F, 0xD4, 0x30, 0xC8,
    ]

    private static func nameBased(_ name: String) -> String {
        var bytes = Digest.sha1(urlNamespace + Array(name.utf8))
        bytes[6] = bytes[6] & 0x0F | 0x50
        bytes[8] = bytes[8] & 0x3F | 0x80
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for (index, byte) in bytes.prefix(16).enumerated() {
            if index == 4 || index == 6 || index == 8 || index == 10 { text.append(UInt8(ascii: "-")) }
            text.append(lowercaseHexDigit(byte >> 4))
            text.append(lowercaseHexDigit(byte & 0xF))
        }
        return String(decoding: text, as: UTF8.self)
    }
}
