/// What `admin.listen` serves: the console and the API behind it, read-only (contract, section 9).
package enum AdminRoutes {
    package static func all(_ source: some AdminDataSource) -> [HTTPRoute] {
        Console.routes + [
            .deferred("/api/v1/status") { _ in
                await json { () async throws(AdminDataError) in try await source.status() }
            },
            .deferred("/api/v1/cursors") { _ in
                await json { () async throws(AdminDataError) in try await source.cursors() }
            },
            .deferred("/api/v1/retries") { await retries($0, source) },
            .deferred("/api/v1/operations/*") { await operation($0, source) },
        ]
    }

    private static func retries(_ request: HTTPRequest, _ source: some AdminDataSource) async -> HTTPResponse {
        let query: RetriesQuery
        do {
            query = try RetriesQuery(try request.queryItems())
        } catch let error as RetriesQueryError {
            return .jsonError(status: 400, error.message)
        } catch {
            return .jsonError(status: 400, "\(error)")
        }
        return await json { () async throws(AdminDataError) in try await source.retries(query) }
    }

    private static func operation(_ request: HTTPRequest, _ source: some AdminDataSource) async -> HTTPResponse {
        let opId = request.parameter
        guard (1...128).contains(opId.utf8.count),
            !opId.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else { return .jsonError(status: 400, "an opId has 1 to 128 bytes and no control characters") }
        return await json { () async throws(AdminDataError) in try await source.operation(opId: opId) }
    }

    private static func json(_ body: () async throws(AdminDataError) -> String?) async -> HTTPResponse {
        do throws(AdminDataError) {
            guard let text = try await body() else {
                return .jsonError(status: 404, "there is no operation with this opId")
            }
            return .json(text)
        } catch {
            return .jsonError(status: error.kind == .unavailable ? 503 : 500, error.message)
        }
    }
}
