/// A proxy that cuts, delays and throttles connections, for tests of outages.
package final class Toxiproxy: Sendable {
    private let process: ChildProcess
    /// Of its own HTTP interface.
    package let port: UInt16

    static let serverPath: String? =
        environmentVariable("TRUSTLOG_TOXIPROXY") ?? Checkout.shared("bin/toxiproxy-server")

    static var whatIsMissing: String? {
        guard let path = serverPath, FileTree.isExecutable(path) else {
            return "no toxiproxy-server: set TRUSTLOG_TOXIPROXY to its path"
        }
        return nil
    }

    private init(process: ChildProcess, port: UInt16) {
        (self.process, self.port) = (process, port)
    }

    package static func start() async throws -> Toxiproxy {
        guard let path = serverPath else { throw CommandError("no toxiproxy-server: set TRUSTLOG_TOXIPROXY") }
        let port = try FreePort.find()
        let process = try ChildProcess([path, "-host", "127.0.0.1", "-port", "\(port)"])
        let proxy = Toxiproxy(process: process, port: port)
        guard try await poll(within: .seconds(60), { await HTTP.status(port: port, path: "/version") == 200 }) else {
            throw CommandError("toxiproxy-server does not answer")
        }
        return proxy
    }

    /// A proxy in front of `127.0.0.1:upstream`.
    /// - Parameter port: where it listens; a free one by default.
    package func proxy(to upstream: UInt16, port: UInt16? = nil) async throws -> Proxy {
        let listen = try port ?? FreePort.find()
        let name = "p\(listen)"
        try await call(
            "POST", "/proxies",
            #"{"name":"\#(name)","listen":"127.0.0.1:\#(listen)","upstream":"127.0.0.1:\#(upstream)","enabled":true}"#)
        return Proxy(server: self, name: name, port: listen)
    }

    @discardableResult
    fileprivate func call(_ method: String, _ path: String, _ body: String? = nil) async throws -> String {
        let response = try await HTTP.request(method, port: port, path: path, body: body)
        guard (200..<300).contains(response.status) else {
            throw CommandError("toxiproxy: \(method) \(path): \(response.status) \(response.text)")
        }
        return response.text
    }

    package struct Proxy: Sendable {
        fileprivate let server: Toxiproxy
        fileprivate let name: String
        package let port: UInt16

        /// Cuts every connection and refuses new ones.
        package func disable() async throws { try await server.call("POST", "/proxies/\(name)", #"{"enabled":false}"#) }

        package func enable() async throws { try await server.call("POST", "/proxies/\(name)", #"{"enabled":true}"#) }

        /// Adds a toxic, for example `latency` with `["latency": 500]`, `timeout` with `["timeout": 0]` (data stops, the
        /// connection stays open), `bandwidth` with `["rate": 10]` (KB/s), `reset_peer`, `limit_data`.
        package func add(
            toxic type: String, upstream: Bool = false, attributes: [String: Int] = [:]
        ) async throws {
            let members = attributes.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",")
            let stream = upstream ? "upstream" : "downstream"
            try await server.call(
                "POST", "/proxies/\(name)/toxics",
                #"{"name":"\#(type)-\#(stream)","type":"\#(type)","stream":"\#(stream)","attributes":{\#(members)}}"#)
        }

        package func remove(toxic type: String, upstream: Bool = false) async throws {
            try await server.call(
                "DELETE", "/proxies/\(name)/toxics/\(type)-\(upstream ? "upstream" : "downstream")")
        }
    }
}
