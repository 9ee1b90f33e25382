import CLibPQ

/// What `database.url` says, as libpq understands it: every parameter of libpq may stand there.
struct PostgreSQLURL: Sendable {
    /// Keywords of libpq with their values.
    private(set) var parameters: [(keyword: String, value: String)]
    /// Where the database is, for people: without secrets.
    let place: String
    private let secrets: [String]

    /// - Parameter password: added, unless it is `nil`.
    /// - Throws: ``StoreError`` of kind `configuration`, without what the URL holds.
    init(_ url: String, password: String?, connectTimeout: Duration) throws(StoreError) {
        try PostgreSQLURLForm(url).check()
        var given = try Self.parse(url)
        secrets = Self.secrets(given, password)
        if let password { given["password"] = password }
        place = Self.place(given)
        var values = Self.defaults(connectTimeout: connectTimeout)
        values.merge(given) { $1 }
        // Everything here reads and writes UTF-8.
        values["client_encoding"] = "UTF8"
        parameters = values.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// The text without the secrets of the URL, should the library or the server have put one into it.
    func redacted(_ text: String) -> String {
        var text = text
        for secret in secrets { text = text.replacing(utf8Of: secret, with: "***") }
        return text
    }

    /// What the URL may override. A server that is gone without a word is noticed within about 30 seconds.
    private static func defaults(connectTimeout: Duration) -> [String: String] {
        let seconds = max(2, connectTimeout.components.seconds)
        return [
            "connect_timeout": "\(seconds)", "fallback_application_name": "trustlog", "keepalives_idle": "15",
            "keepalives_interval": "5", "keepalives_count": "3", "tcp_user_timeout": "30000",
        ]
    }

    private static func secrets(_ given: [String: String], _ password: String?) -> [String] {
        let marks = ["password", "secret", "scram_client_key", "scram_server_key"]
        let values = given.filter { keyword, _ in marks.contains { keyword.contains($0) } }.map(\.value)
        // A longer one first: a shorter one may be part of it.
        return (values + [password].compactMap { $0 }).filter { !$0.isEmpty }.sorted { $0.utf8.count > $1.utf8.count }
    }

    private static func parse(_ url: String) throws(StoreError) -> [String: String] {
        var message: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(url, &message) else {
            let problem = message.map { withoutQuotes(String(cString: $0)) } ?? "out of memory"
            PQfreemem(message)
            throw StoreError(
                .configuration,
                "database.url cannot be read: \(problem). Write postgresql://user@host:5432/database?sslmode=verify-full, "
                    + "for example; special characters in names and passwords must be percent-encoded")
        }
        defer { PQconninfoFree(options) }
        var values: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { values[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        return values
    }

    /// libpq quotes what it could not read, which may be a password.
    private static func withoutQuotes(_ message: String) -> String {
        let text = Array(message.utf8)
        let quote = UInt8(ascii: "\"")
        let kept: [UInt8] =
            if let first = text.firstIndex(of: quote), let last = text.lastIndex(of: quote), first < last {
                text[..<first] + Array("…".utf8) + text[(last + 1)...]
            } else {
                text
            }
        return String(decoding: kept.filter { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }

    private static func place(_ values: [String: String]) -> String {
        if let service = values["service"], values["host"] == nil { return "of the service \(service)" }
        let host = values["host"] ?? values["hostaddr"] ?? "of this machine"
        let port = values["port"].map { ":\($0)" } ?? ""
        return "\(host)\(port)/\(values["dbname"] ?? values["user"] ?? "")"
    }
}

extension String {
    /// Replaces every occurrence, compared byte by byte.
    fileprivate func replacing(utf8Of text: String, with replacement: String) -> String {
        let haystack = Array(utf8)
        let needle = Array(text.utf8)
        guard !needle.isEmpty, haystack.count >= needle.count else { return self }
        var result: [UInt8] = []
        var index = 0
        while index < haystack.count {
            if haystack[index...].starts(with: needle) {
                result += Array(replacement.utf8)
                index += needle.count
            } else {
                result.append(haystack[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
