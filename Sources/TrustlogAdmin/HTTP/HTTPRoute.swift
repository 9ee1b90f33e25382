/// A path and what answers it.
package struct HTTPRoute: Sendable {
    package enum Handler: Sendable {
        /// Answers on the server's own thread: from memory, at once.
        case immediate(@Sendable (HTTPRequest) -> HTTPResponse)
        /// Answers from a task; the connection is set aside meanwhile.
        case deferred(@Sendable (HTTPRequest) async -> HTTPResponse)
    }

    /// Exact; one that ends with `/*` stands for all that follows there, which becomes `HTTPRequest.parameter`.
    let path: String
    let handler: Handler

    package static func get(_ path: String, _ handler: @escaping @Sendable (HTTPRequest) -> HTTPResponse) -> HTTPRoute {
        HTTPRoute(path: path, handler: .immediate(handler))
    }

    package static func deferred(
        _ path: String, _ handler: @escaping @Sendable (HTTPRequest) async -> HTTPResponse
    ) -> HTTPRoute {
        HTTPRoute(path: path, handler: .deferred(handler))
    }
}

/// Finds the route of a request.
struct HTTPRouteTable: Sendable {
    private var exact: [String: HTTPRoute.Handler] = [:]
    /// With the closing `/`.
    private var prefixes: [(prefix: String, handler: HTTPRoute.Handler)] = []

    enum Match {
        case found(HTTPRoute.Handler, HTTPRequest)
        case none
        /// The path is not percent-encoded UTF-8.
        case malformed
    }

    init(_ routes: [HTTPRoute]) {
        for route in routes {
            if route.path.hasSuffix("/*") {
                prefixes.append((String(route.path.dropLast()), route.handler))
            } else {
                exact[route.path] = route.handler
            }
        }
    }

    /// The parameter is cut out of the path before it is decoded, so that an encoded slash belongs to it.
    func match(_ request: HTTPRequest) -> Match {
        guard let path = PercentEncoding.decode(request.rawPath) else { return .malformed }
        if let handler = exact[path] { return .found(handler, request) }
        for (prefix, handler) in prefixes where request.rawPath.utf8.starts(with: prefix.utf8) {
            let rest = request.rawPath.utf8.dropFirst(prefix.utf8.count)
            guard !rest.isEmpty, let parameter = PercentEncoding.decode(Substring(rest)) else { continue }
            var request = request
            request.parameter = parameter
            return .found(handler, request)
        }
        return .none
    }
}
