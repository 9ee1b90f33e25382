import CMicroHTTPD
import Observability

/// Answers the requests of one server. Everything here but `deferred` runs on the daemon's thread.
final class RequestHandler: Sendable {
    let deferred: DeferredAnswers
    let connections: ConnectionTable
    private let routes: HTTPRouteTable
    private let hosts: HostPolicy
    private let errors: HTTPResponse.ErrorForm
    private let logger: Logger?

    init(
        routes: HTTPRouteTable, hosts: HostPolicy, errors: HTTPResponse.ErrorForm, limits: HTTPServerLimits,
        logger: Logger?
    ) {
        self.routes = routes
        self.hosts = hosts
        self.errors = errors
        self.logger = logger
        self.deferred = DeferredAnswers(limits: limits, errorForm: errors)
        // The daemon accepts nothing when its own limit is reached, so room has to be made before.
        self.connections = ConnectionTable(threshold: limits.connections - max(1, min(8, limits.connections / 4)))
    }

    /// What one request has come to.
    final class Progress {
        enum Stage {
            /// The headers are there.
            case received
            /// Complete, and not refused.
            case complete
            case suspended(DeferredAnswers.ID)
        }

        let target: String
        var stage: Stage = .received

        init(target: String) {
            self.target = target
        }
    }

    /// Called by the daemon when the headers are there, when the request is complete, and when it was resumed.
    func proceed(_ connection: OpaquePointer, method: String, progress: Progress) -> MHD_Result {
        switch progress.stage {
        case .received:
            // An answer now, before the request is complete, makes the daemon close the connection after it.
            if let refusal = refusal(of: connection, method: method) { return queue(refusal, on: connection) }
            progress.stage = .complete
            return .YES
        case .complete:
            return answer(connection, progress)
        case .suspended(let id):
            if let descriptor = RequestHandler.descriptor(of: connection) { connections.becameIdle(descriptor) }
            guard let response = deferred.take(id) else { return .NO }
            return queue(response, on: connection)
        }
    }

    private func answer(_ connection: OpaquePointer, _ progress: Progress) -> MHD_Result {
        guard let request = HTTPRequest(target: progress.target) else {
            return queue(errors.response(status: 400, "the request's target is no path"), on: connection)
        }
        switch routes.match(request) {
        case .found(.immediate(let handler), let request):
            return queue(handler(request), on: connection)
        case .found(.deferred(let handler), let request):
            switch deferred.begin(connection, request, handler) {
            case .suspended(let id):
                progress.stage = .suspended(id)
                if let descriptor = RequestHandler.descriptor(of: connection) { connections.spare(descriptor) }
                return .YES
            case .refused(let response):
                return queue(response, on: connection)
            }
        case .none:
            return queue(errors.response(status: 404, "there is nothing at this path"), on: connection)
        case .malformed:
            return queue(errors.response(status: 400, "the path is not percent-encoded UTF-8"), on: connection)
        }
    }

    private func refusal(of connection: OpaquePointer, method: String) -> HTTPResponse? {
        let headers = RequestHeaders(of: connection)
        guard hosts.allows(headers.values(of: "host")) else {
            return errors.response(
                status: 421, "this address answers only as localhost or by the IP address it listens on")
        }
        guard method == "GET" || method == "HEAD" else {
            var response = errors.response(status: 405, "only GET and HEAD: what changes something is a command")
            response.headers.append(("Allow", "GET, HEAD"))
            return response
        }
        let hasBody =
            headers.values(of: "content-length").contains { $0 != "0" }
            || !headers.values(of: "transfer-encoding").isEmpty
        return hasBody ? errors.response(status: 413, "a request has no body here") : nil
    }

    private func queue(_ response: HTTPResponse, on connection: OpaquePointer) -> MHD_Result {
        var body = response.body
        let created = body.withUnsafeMutableBytes {
            MHD_create_response_from_buffer($0.count, $0.baseAddress, .RESPMEM_MUST_COPY)
        }
        guard let created else { return .NO }
        defer { MHD_destroy_response(created) }
        let fixed = [
            ("Content-Type", response.contentType), ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
        ]
        for (name, value) in fixed + response.headers {
            guard MHD_add_response_header(created, name, value) == .YES else { return .NO }
        }
        return MHD_queue_response(connection, UInt32(response.status), created)
    }

    func log(_ message: String) {
        logger?.debug(message)
    }
}

/// The header fields of a request, as sent; bytes that are not UTF-8 are replaced.
private struct RequestHeaders {
    private var fields: [(name: String, value: String)] = []

    init(of connection: OpaquePointer) {
        withUnsafeMutablePointer(to: &fields) { fields in
            _ = MHD_get_connection_values_n(
                connection, .HEADER_KIND,
                { context, _, name, nameSize, value, valueSize in
                    let fields = context?.assumingMemoryBound(to: [(name: String, value: String)].self)
                    fields?.pointee.append((text(name, nameSize), text(value, valueSize)))
                    return .YES
                }, fields)
        }
    }

    func values(of name: String) -> [String] {
        fields.filter { $0.name.lowercased() == name }.map(\.value)
    }
}

private func text(_ start: UnsafePointer<CChar>?, _ count: Int) -> String {
    String(decoding: UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count), as: UTF8.self)
}
