/// `sqlite:trustlog.db`, `sqlite:/absolute/path`: what stands behind the colon is the path as it is.
struct SQLiteURL: Equatable {
    var path: String

    init(_ url: String) throws(StoreError) {
        let path = String(url.dropFirst("sqlite:".count))
        if let problem = Self.problem(of: path) {
            throw StoreError(
                .configuration,
                "database.url \(problem); write sqlite:trustlog.db (in the working directory) or sqlite:/path/to/trustlog.db"
            )
        }
        self.path = path
    }

    private static func problem(of path: String) -> String? {
        if path.isEmpty { return "names no file" }
        if path.hasPrefix("//") { return "has two slashes after sqlite:, which other programs read in different ways" }
        if path.hasPrefix(":memory:") || path.hasPrefix("file:") { return "must name a file by its path" }
        if path.utf8.contains(UInt8(ascii: "?")) || path.utf8.contains(UInt8(ascii: "#")) {
            return "takes no parameters for SQLite"
        }
        if path.utf8.contains(0) { return "holds a zero byte" }
        return nil
    }
}
