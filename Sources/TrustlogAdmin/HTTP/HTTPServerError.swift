import Glibc

/// Why a server cannot listen. The caller ends with exit code 78: the address is a setting.
package struct HTTPServerError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Reason: Sendable, Equatable {
        /// The host name or address cannot be resolved; the resolver's message.
        case unresolvable(String)
        /// Another socket listens there.
        case addressInUse
        /// No interface of this machine has the address.
        case addressNotAvailable
        /// The port needs a privilege (below 1024).
        case permissionDenied
        /// What the operating system says.
        case system(call: String, errno: Int32)
        /// The server's thread could not be started.
        case notStarted
        /// A server is started once.
        case startedBefore
    }

    package let endpoint: ListenEndpoint
    package let reason: Reason

    static func fromErrno(_ code: Int32, call: String, endpoint: ListenEndpoint) -> HTTPServerError {
        let reason: Reason =
            switch code {
            case EADDRINUSE: .addressInUse
            case EADDRNOTAVAIL: .addressNotAvailable
            case EACCES, EPERM: .permissionDenied
            default: .system(call: call, errno: code)
            }
        return HTTPServerError(endpoint: endpoint, reason: reason)
    }

    package var description: String { "cannot listen on \(endpoint): \(explanation)" }

    private var explanation: String {
        switch reason {
        case .unresolvable(let message):
            "the host is not known (\(message)); use an IP address of this machine"
        case .addressInUse:
            "the port is in use by another process; end that one (`ss -ltnp` names it) or set another port"
        case .addressNotAvailable:
            "this machine has no such address; use one that it has, or 0.0.0.0 or [::] for all"
        case .permissionDenied:
            "permission denied; use a port from 1024 on"
        case .system(let call, let code):
            "\(call) failed: \(String(cString: strerror(code)))"
        case .notStarted:
            "the server's thread did not start; look for limits on threads, descriptors and memory"
        case .startedBefore:
            "the server was started before"
        }
    }
}
