/// Reads one whole HTTP/1 answer, sent with `Content-Length` or up to the connection's end (RFC 9112, section 6).
enum ResponseParser {
    static func parse(_ bytes: [UInt8]) -> LoopbackHTTPClient.Response? {
        guard let end = endOfHead(bytes) else { return nil }
        let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
        guard let first = lines.first, let status = status(of: first) else { return nil }
        var contentType = ""
        var body = bytes[(end + 4)...]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            switch line[..<colon].lowercased() {
            case "content-type": contentType = String(value)
            case "transfer-encoding": return nil
            case "content-length":
                guard let length = Int(value), (0...body.count).contains(length) else { return nil }
                body = body.prefix(length)
            default: continue
            }
        }
        return LoopbackHTTPClient.Response(status: status, contentType: contentType, body: Array(body))
    }

    /// Where the empty line begins.
    private static func endOfHead(_ bytes: [UInt8]) -> Int? {
        let mark = Array("\r\n\r\n".utf8)
        guard bytes.count >= mark.count else { return nil }
        return (0...(bytes.count - mark.count)).first { bytes[$0..<($0 + mark.count)].elementsEqual(mark) }
    }

    private static func status(of line: Substring) -> Int? {
        let parts = line.split(separator: " ", maxSplits: 2)
        guard parts.count >= 2, parts[0].hasPrefix("HTTP/1."), parts[1].utf8.count == 3 else { return nil }
        return Int(parts[1]).flatMap { (100...599).contains($0) ? $0 : nil }
    }
}
