/// What `http.listen` serves: `/startupz`, `/livez`, `/readyz`, `/metrics` (contract, section 9).
package enum HealthRoutes {
    /// - Parameter metrics: Prometheus' text form, from memory: it is called on the server's thread.
    package static func all(
        health: HealthRegistry, metrics: @escaping @Sendable () -> String
    ) -> [HTTPRoute] {
        [
            .get("/startupz") { answer(health.startup(), $0) },
            .get("/livez") { answer(health.liveness(), $0) },
            .get("/readyz") { answer(health.readiness(), $0) },
            .get("/metrics") { _ in
                HTTPResponse(contentType: "text/plain; version=0.0.4; charset=utf-8", body: Array(metrics().utf8))
            },
        ]
    }

    private static func answer(_ checks: [HealthCheck], _ request: HTTPRequest) -> HTTPResponse {
        let failed = checks.filter { !$0.ok }
        let status: UInt16 = failed.isEmpty ? 200 : 503
        if request.hasFlag("verbose") {
            return .json(status: status, "[" + checks.map(\.json).joined(separator: ",") + "]\n")
        }
        if failed.isEmpty { return .text("ok\n") }
        return .text(status: status, failed.map { "\($0.name): \($0.detail)\n" }.joined())
    }
}
