import Glibc
import Testing

@testable import TrustlogAdmin

@Suite("loopback client")
struct LoopbackHTTPClientTests {
    /// Answers one connection with these bytes and closes it.
    private func askingServer(
        that sends: String, maximumSize: Int = 1 << 20
    ) async throws -> Result<LoopbackHTTPClient.Response, LoopbackHTTPError> {
        let socket = try ListeningSocket(ListenEndpoint(host: "127.0.0.1", port: 0))
        let port = socket.port
        let listener = socket.take()
        defer { close(listener) }
        async let served: Void = offPool { serveOne(listener, sends) }
        let result: Result<LoopbackHTTPClient.Response, LoopbackHTTPError> = try await offPool {
            do throws(LoopbackHTTPError) {
                return .success(
                    try LoopbackHTTPClient.get(
                        host: "127.0.0.1", port: port, path: "/x", timeout: .seconds(20), maximumSize: maximumSize))
            } catch {
                return .failure(error)
            }
        }
        try await served
        return result
    }

    private func reason(_ result: Result<LoopbackHTTPClient.Response, LoopbackHTTPError>) -> LoopbackHTTPError.Reason? {
        if case .failure(let error) = result { error.reason } else { nil }
    }

    @Test("status, type and body are read, up to the length that is told or to the end")
    func answers() async throws {
        let told = try await askingServer(that: "HTTP/1.1 503 No\r\ncontent-type: a/b\r\nContent-Length: 2\r\n\r\nokay")
        #expect(try told.get() == LoopbackHTTPClient.Response(status: 503, contentType: "a/b", body: Array("ok".utf8)))
        let untold = try await askingServer(that: "HTTP/1.0 200\r\nX:y\r\n\r\nall of it")
        #expect(try untold.get().text == "all of it")
    }

    @Test(
        "what is no complete HTTP answer is an error",
        arguments: [
            "", "SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 999 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "\r\n\r\n", "HTTP/2 200\r\n\r\n",
        ])
    func noHTTP(_ answer: String) async throws {
        #expect(reason(try await askingServer(that: answer)) == .noHTTP)
    }

    @Test("an answer beyond the limit is given up")
    func tooLarge() async throws {
        let answer = "HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "x", count: 100_000)
        #expect(reason(try await askingServer(that: answer, maximumSize: 1_000)) == .tooLarge)
    }

    @Test("nobody listening, and nobody answering, are told apart")
    func unanswered() async throws {
        let socket = try ListeningSocket(ListenEndpoint(host: "127.0.0.1", port: 0))
        let port = socket.port
        let silent = try await #require(throws: LoopbackHTTPError.self) {
            try await offPool {
                try LoopbackHTTPClient.get(host: "localhost", port: port, path: "/", timeout: .milliseconds(50))
            }
        }
        #expect(silent.reason == .timedOut)
        close(socket.take())
        let refused = try await #require(throws: LoopbackHTTPError.self) { try await get("/", port: port) }
        #expect(refused.reason == .refused)
        #expect("\(refused)" == "nothing listens on 127.0.0.1:\(port)")
    }

    @Test("a path that would become a second header is refused", arguments: ["", "x", "/a b", "/a\r\nX: y", "/ü"])
    func badPath(_ path: String) async throws {
        let error = try await #require(throws: LoopbackHTTPError.self) { try await get(path, port: 1) }
        #expect(error.reason == .badPath)
    }
}

/// Takes a connection, reads the request's beginning, answers, closes.
private func serveOne(_ listener: Int32, _ answer: String) {
    var entry = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
    guard poll(&entry, 1, 20_000) == 1 else { return }
    let connection = accept(listener, nil, nil)
    guard connection >= 0 else { return }
    defer { close(connection) }
    var buffer = [UInt8](repeating: 0, count: 4_096)
    _ = recv(connection, &buffer, buffer.count, 0)
    let bytes = Array(answer.utf8)
    _ = send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
}
