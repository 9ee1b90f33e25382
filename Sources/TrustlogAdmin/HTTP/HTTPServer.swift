import CMicroHTTPD
package import Observability
import Synchronization

/// An HTTP/1.1 server for GET and HEAD on one address, on a thread of libmicrohttpd.
///
/// Routes answer from memory on that thread, or from a task while their connection is set aside. What else a client
/// sends gets 404, 405, 413, 414, 431 or 400.
package final class HTTPServer: Sendable {
    private enum State {
        case idle
        case running(Daemon)
        case stopped
    }

    // @unchecked: libmicrohttpd's own calls may come from any thread; started and stopped once, under the state's lock.
    private struct Daemon: @unchecked Sendable {
        let pointer: OpaquePointer
        let port: UInt16
    }

    package let endpoint: ListenEndpoint
    private let limits: HTTPServerLimits
    private let handler: RequestHandler
    private let state = Mutex<State>(.idle)

    package init(
        endpoint: ListenEndpoint, routes: [HTTPRoute], hosts: HostPolicy = .any,
        errors: HTTPResponse.ErrorForm = .text, limits: HTTPServerLimits = HTTPServerLimits(), logger: Logger? = nil
    ) {
        self.endpoint = endpoint
        self.limits = limits
        self.handler = RequestHandler(
            routes: HTTPRouteTable(routes), hosts: hosts, errors: errors, limits: limits, logger: logger)
    }

    deinit { stop() }

    /// The port that is listened on, from `start()` to `stop()`.
    package var port: UInt16? {
        state.withLock { state in
            if case .running(let daemon) = state { daemon.port } else { nil }
        }
    }

    /// Listens from when this returns.
    package func start() throws(HTTPServerError) {
        try state.withLock { state throws(HTTPServerError) in
            guard case .idle = state else { throw HTTPServerError(endpoint: endpoint, reason: .startedBefore) }
            state = .running(try startDaemon())
        }
    }

    /// Closes all connections and the port, and returns when the thread has ended. Answers under way are cut off.
    package func stop() {
        let daemon: Daemon? = state.withLock { state in
            defer { state = .stopped }
            if case .running(let daemon) = state { return daemon }
            return nil
        }
        guard let daemon else { return }
        handler.deferred.stop()
        MHD_stop_daemon(daemon.pointer)
    }

    private func startDaemon() throws(HTTPServerError) -> Daemon {
        let socket = try ListeningSocket(endpoint)
        let port = socket.port
        let flags =
            MHD_USE_EPOLL_INTERNAL_THREAD.rawValue | MHD_ALLOW_SUSPEND_RESUME.rawValue | MHD_USE_ERROR_LOG.rawValue
        var options = trustlog_mhd_options()
        options.context = Unmanaged.passUnretained(handler).toOpaque()
        options.listen_socket = socket.take()
        options.connection_memory_limit = limits.connectionMemory
        options.connection_limit = UInt32(clamping: limits.connections)
        options.per_ip_connection_limit = UInt32(clamping: limits.connectionsPerAddress)
        options.idle_timeout_seconds = UInt32(clamping: limits.idleTimeout.components.seconds)
        RequestHandler.setCallbacks(of: &options)
        // The daemon closes the socket whether it starts or not.
        guard let daemon = SignalMask.whileAllBlocked({ trustlog_mhd_start_daemon(flags, &options) }) else {
            throw HTTPServerError(endpoint: endpoint, reason: .notStarted)
        }
        return Daemon(pointer: daemon, port: port)
    }
}
