import Glibc

/// A TCP connection with a deadline over everything.
struct ClientConnection: ~Copyable {
    private let descriptor: Int32
    private let endpoint: ListenEndpoint
    private let deadline: ContinuousClock.Instant

    /// Tries the host's addresses one after the other.
    init(_ endpoint: ListenEndpoint, deadline: ContinuousClock.Instant) throws(LoopbackHTTPError) {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(endpoint.host, String(endpoint.port), &hints, &list)
        defer { if let list { freeaddrinfo(list) } }
        guard code == 0 else {
            throw LoopbackHTTPError(endpoint: endpoint, reason: .unresolvable(String(cString: gai_strerror(code))))
        }
        var failure = LoopbackHTTPError(endpoint: endpoint, reason: .refused)
        var next = list
        while let address = next {
            do throws(LoopbackHTTPError) {
                descriptor = try ClientConnection.connect(to: address.pointee, endpoint, deadline)
                self.endpoint = endpoint
                self.deadline = deadline
                return
            } catch {
                failure = error
            }
            next = address.pointee.ai_next
        }
        throw failure
    }

    deinit { close(descriptor) }

    mutating func send(_ bytes: [UInt8]) throws(LoopbackHTTPError) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress?.advanced(by: sent), $0.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count >= 0 {
                sent += count
            } else {
                try waitIfItWouldBlock(for: POLLOUT, call: "send")
            }
        }
    }

    /// Until the other side closes.
    mutating func receiveAll(maximumSize: Int) throws(LoopbackHTTPError) -> [UInt8] {
        var result: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count == 0 { return result }
            if count > 0 {
                guard result.count + count <= maximumSize else { throw error(.tooLarge) }
                result += buffer[..<count]
            } else {
                try waitIfItWouldBlock(for: POLLIN, call: "recv")
            }
        }
    }

    private func waitIfItWouldBlock(for event: Int32, call: String) throws(LoopbackHTTPError) {
        switch errno {
        case EAGAIN: try ClientConnection.wait(descriptor, for: event, endpoint, deadline)
        case EINTR: return
        case let code: throw error(.system(call: call, errno: code))
        }
    }

    private func error(_ reason: LoopbackHTTPError.Reason) -> LoopbackHTTPError {
        LoopbackHTTPError(endpoint: endpoint, reason: reason)
    }

    private static func connect(
        to address: addrinfo, _ endpoint: ListenEndpoint, _ deadline: ContinuousClock.Instant
    ) throws(LoopbackHTTPError) -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let descriptor = socket(address.ai_family, type, 0)
        guard descriptor >= 0 else {
            throw LoopbackHTTPError(endpoint: endpoint, reason: .system(call: "socket", errno: errno))
        }
        do throws(LoopbackHTTPError) {
            var code: Int32 = 0
            if Glibc.connect(descriptor, address.ai_addr, address.ai_addrlen) != 0 { code = errno }
            if code == EINPROGRESS || code == EINTR {
                try wait(descriptor, for: POLLOUT, endpoint, deadline)
                var size = socklen_t(MemoryLayout<Int32>.size)
                getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size)
            }
            guard code == 0 else {
                let reason: LoopbackHTTPError.Reason =
                    code == ECONNREFUSED ? .refused : .system(call: "connect", errno: code)
                throw LoopbackHTTPError(endpoint: endpoint, reason: reason)
            }
        } catch {
            close(descriptor)
            throw error
        }
        return descriptor
    }

    private static func wait(
        _ descriptor: Int32, for event: Int32, _ endpoint: ListenEndpoint, _ deadline: ContinuousClock.Instant
    ) throws(LoopbackHTTPError) {
        var entry = pollfd(fd: descriptor, events: Int16(event), revents: 0)
        while true {
            let left = ContinuousClock.now.duration(to: deadline).components
            guard left.seconds >= 0, left.attoseconds >= 0 else {
                throw LoopbackHTTPError(endpoint: endpoint, reason: .timedOut)
            }
            let milliseconds = min(left.seconds, 86_400) * 1_000 + left.attoseconds / 1_000_000_000_000_000 + 1
            let count = poll(&entry, 1, Int32(milliseconds))
            if count > 0 { return }
            guard count == 0 || errno == EINTR else {
                throw LoopbackHTTPError(endpoint: endpoint, reason: .system(call: "poll", errno: errno))
            }
        }
    }
}
