@testable import TrustlogAdmin

/// Sends bytes as they are, also such that are no HTTP.
enum RawClient {
    /// All that the server sends until it closes; empty also where it resets the connection.
    static func exchange(port: UInt16, host: String = "127.0.0.1", _ request: String) async throws -> String {
        try await exchange(port: port, host: host, Array(request.utf8))
    }

    static func exchange(port: UInt16, host: String = "127.0.0.1", _ request: [UInt8]) async throws -> String {
        try await offPool {
            var connection = try ClientConnection(
                ListenEndpoint(host: host, port: port), deadline: .now + .seconds(20))
            do throws(LoopbackHTTPError) {
                try connection.send(request)
                return String(decoding: try connection.receiveAll(maximumSize: 1 << 20), as: UTF8.self)
            } catch {
                guard case .system = error.reason else { throw error }
                return ""
            }
        }
    }
}

extension HTTPServer {
    /// On a free port of 127.0.0.1.
    static func loopback(
        _ routes: [HTTPRoute], hosts: HostPolicy = .any, errors: HTTPResponse.ErrorForm = .text,
        limits: HTTPServerLimits = HTTPServerLimits()
    ) -> HTTPServer {
        HTTPServer(
            endpoint: ListenEndpoint(host: "127.0.0.1", port: 0), routes: routes, hosts: hosts, errors: errors,
            limits: limits)
    }

    /// Starts, gives the port, and stops whatever happens.
    func serving<Value>(_ body: (UInt16) async throws -> Value) async throws -> Value {
        try start()
        defer { stop() }
        return try await body(port ?? 0)
    }
}

func get(_ path: String, port: UInt16, host: String = "127.0.0.1") async throws -> LoopbackHTTPClient.Response {
    try await offPool {
        try LoopbackHTTPClient.get(host: host, port: port, path: path, timeout: .seconds(20))
    }
}

/// A request that ends its connection.
func request(_ method: String, _ target: String, headers: String = "", body: String = "") -> String {
    "\(method) \(target) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\(headers)\r\n\(body)"
}
