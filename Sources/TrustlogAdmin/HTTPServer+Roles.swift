package import Observability

/// The two servers of a running Trustlog, made the way each is meant to be.
extension HTTPServer {
    /// Health and metrics on `http.listen`: asked by kubelets and Prometheus under any name.
    package static func health(
        on endpoint: ListenEndpoint, health: HealthRegistry, logger: Logger?,
        metrics: @escaping @Sendable () -> String
    ) -> HTTPServer {
        HTTPServer(endpoint: endpoint, routes: HealthRoutes.all(health: health, metrics: metrics), logger: logger)
    }

    /// Console and API on `admin.listen`: asked by a person's browser, which other pages must not use.
    package static func admin(
        on endpoint: ListenEndpoint, source: some AdminDataSource, logger: Logger?,
        limits: HTTPServerLimits = HTTPServerLimits()
    ) -> HTTPServer {
        HTTPServer(
            endpoint: endpoint, routes: AdminRoutes.all(source), hosts: .listener(endpoint), errors: .json,
            limits: limits, logger: logger)
    }
}
