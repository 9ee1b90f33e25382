import Glibc

/// Asks a server on the same machine: what `trustlog health` and `trustlog status` need, and no more.
///
/// Blocks its thread until the answer is there or the timeout has passed; called where nothing else runs.
package enum LoopbackHTTPClient {
    package struct Response: Sendable, Equatable {
        package let status: Int
        package let contentType: String
        package let body: [UInt8]

        package var text: String { String(decoding: body, as: UTF8.self) }
    }

    /// - Parameters:
    ///   - path: percent-encoded, with its query.
    ///   - timeout: for everything together.
    ///   - maximumSize: of the whole answer, in bytes.
    package static func get(
        host: String, port: UInt16, path: String, timeout: Duration, maximumSize: Int = 16 * 1024 * 1024
    ) throws(LoopbackHTTPError) -> Response {
        let endpoint = ListenEndpoint(host: host, port: port)
        guard path.utf8.first == UInt8(ascii: "/"), path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
            host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { throw LoopbackHTTPError(endpoint: endpoint, reason: .badPath) }
        var connection = try ClientConnection(endpoint, deadline: .now + timeout)
        try connection.send(
            Array("GET \(path) HTTP/1.1\r\nHost: \(endpoint)\r\nAccept: */*\r\nConnection: close\r\n\r\n".utf8))
        let bytes = try connection.receiveAll(maximumSize: maximumSize)
        guard let response = ResponseParser.parse(bytes) else {
            throw LoopbackHTTPError(endpoint: endpoint, reason: .noHTTP)
        }
        return response
    }
}

package struct LoopbackHTTPError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Reason: Sendable, Equatable {
        /// Nothing listens there: Trustlog does not run, or listens elsewhere.
        case refused
        case timedOut
        case unresolvable(String)
        case system(call: String, errno: Int32)
        case tooLarge
        /// What answers there speaks no HTTP, or its answer is cut off.
        case noHTTP
        case badPath
    }

    package let endpoint: ListenEndpoint
    package let reason: Reason

    package var description: String {
        switch reason {
        case .refused: "nothing listens on \(endpoint)"
        case .timedOut: "no answer from \(endpoint) in time"
        case .unresolvable(let message): "the host of \(endpoint) is not known: \(message)"
        case .system(let call, let code): "\(endpoint): \(call) failed: \(String(cString: strerror(code)))"
        case .tooLarge: "the answer of \(endpoint) is too large"
        case .noHTTP: "what answers on \(endpoint) sends no complete HTTP answer"
        case .badPath: "no path to ask \(endpoint) for"
        }
    }
}
