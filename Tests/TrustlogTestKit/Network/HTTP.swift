import Glibc

/// A few lines of HTTP/1.0 to servers on 127.0.0.1.
package enum HTTP {
    package struct Response: Sendable {
        package let status: Int
        package let body: [UInt8]

        package var text: String { String(decoding: body, as: UTF8.self) }
    }

    /// - Throws: if nothing answers within `timeout`.
    package static func request(
        _ method: String = "GET", port: UInt16, path: String, body: String? = nil, timeout: Duration = .seconds(30)
    ) async throws -> Response {
        var lines = ["\(method) \(path) HTTP/1.0", "Host: 127.0.0.1:\(port)"]
        if let body { lines += ["Content-Type: application/json", "Content-Length: \(body.utf8.count)"] }
        let request = lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")
        return try await offPool { try parse(exchange(request, port: port, timeout: timeout)) }
    }

    /// The status of a GET, nil if nothing answers.
    package static func status(port: UInt16, path: String) async -> Int? {
        try? await request(port: port, path: path).status
    }

    private static func exchange(_ request: String, port: UInt16, timeout: Duration) throws(CommandError) -> [UInt8] {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw CommandError(call: "socket", errno: errno) }
        defer { close(descriptor) }
        var limit = timeval(tv_sec: Int(timeout.components.seconds), tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        var address = loopbackAddress(port)
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw CommandError(call: "connect to 127.0.0.1:\(port)", errno: errno) }
        var rest = ArraySlice(Array(request.utf8))
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { throw CommandError(call: "send to 127.0.0.1:\(port)", errno: errno) }
            rest = rest.dropFirst(count)
        }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count >= 0 else { throw CommandError(call: "receive from 127.0.0.1:\(port)", errno: errno) }
            if count == 0 { return answer }
            answer.append(contentsOf: buffer[..<count])
        }
    }

    private static func parse(_ answer: [UInt8]) throws(CommandError) -> Response {
        let separator = Array("\r\n\r\n".utf8)
        let starts = answer.indices.lazy.filter { answer[$0...].starts(with: separator) }
        guard let end = starts.first else { throw CommandError("no HTTP answer") }
        let head = String(decoding: answer[..<end], as: UTF8.self)
        let words = head.prefix { $0 != "\r\n" }.split(separator: " ")
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
            throw CommandError("no HTTP answer: \(head.prefix(100))")
        }
        let body = Array(answer[(end + separator.count)...])
        let isChunked = head.lowercased().contains("transfer-encoding: chunked")
        return Response(status: status, body: isChunked ? try joinChunks(body) : body)
    }

    private static func joinChunks(_ body: [UInt8]) throws(CommandError) -> [UInt8] {
        var (result, rest) = ([UInt8](), ArraySlice(body))
        while let lineEnd = rest.firstIndex(of: UInt8(ascii: "\r")) {
            let size = Int(String(decoding: rest[rest.startIndex..<lineEnd], as: UTF8.self), radix: 16)
            guard let size else { throw CommandError("a chunk without a size") }
            if size == 0 { return result }
            rest = rest[lineEnd...].dropFirst(2)
            guard rest.count >= size + 2 else { break }
            result += rest.prefix(size)
            rest = rest.dropFirst(size + 2)
        }
        throw CommandError("an HTTP answer that is cut off")
    }
}
