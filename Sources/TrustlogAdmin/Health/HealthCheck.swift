/// One line of `/livez?verbose` and `/readyz?verbose` (contract, section 11).
package struct HealthCheck: Sendable, Equatable {
    package let name: String
    package let ok: Bool
    /// Since when `ok` is what it is.
    package let since: WallTime
    package let detail: String

    package init(name: String, ok: Bool, since: WallTime, detail: String) {
        self.name = name
        self.ok = ok
        self.since = since
        self.detail = detail
    }

    package var json: String {
        "{\"name\":\(JSONText.quoted(name)),\"ok\":\(ok),\"since\":\"\(since.rfc3339)\","
            + "\"detail\":\(JSONText.quoted(detail))}"
    }
}
