import CLibPQ
import Glibc

/// One connection to a server. It is used on one thread only, that of its ``PostgreSQLWorker``.
///
/// Every wait has an end that does not depend on the server or on the network between: a statement is given up with its
/// connection a little after the server should have cancelled it by itself.
final class PostgreSQLConnection {
    private let handle: OpaquePointer
    private let url: PostgreSQLURL
    private let lifetime: PostgreSQLLifetime
    private let cancelHandle: PostgreSQLCancelHandle
    let announcer: String
    private var prepared: [String: String] = [:]
    /// Batches that are not tried to be copied: where one row was there already, there are more, as after a crash.
    private var copyPause = 0

    /// As PQserverVersion has it.
    private static let oldestServer: Int32 = 130_000
    /// How long the answer to a statement is waited for beyond the server's own limit.
    private static let grace = Duration.seconds(5)

    /// Connects, which may block for the connection time-out of each host that the URL names.
    init(
        url: PostgreSQLURL, session: PostgreSQLSession, lifetime: PostgreSQLLifetime
    ) throws(PostgreSQLFailure) {
        self.url = url
        self.lifetime = lifetime
        announcer = session.announcer
        let opened = try lifetime.connecting { () throws(PostgreSQLFailure) in
            guard let opened = Self.connect(url) else { throw .lost("out of memory") }
            return opened
        }
        handle = opened
        cancelHandle = PostgreSQLCancelHandle(connection: opened)
        // From here on an error that is thrown runs deinit, which frees the handle.
        guard PQstatus(handle) == CONNECTION_OK else {
            let message = url.redacted(Self.oneLine(PQerrorMessage(handle)))
            throw PostgreSQLFailure(sqlState: Self.stateOfRefusal(message), message: message)
        }
        let version = PQserverVersion(handle)
        guard version >= Self.oldestServer else {
            throw .schema("the server is version \(version / 10_000), trustlog needs 13 or later")
        }
        PQsetnonblocking(handle, 1)
        // Without this libpq writes the server's notices to standard error.
        PQsetNoticeProcessor(handle, { _, _ in }, nil)
        try execute(session.sql)
    }

    deinit {
        PQfinish(handle)
    }

    private static func connect(_ url: PostgreSQLURL) -> OpaquePointer? {
        // The strings are libpq's only during the call.
        var keywords = url.parameters.map { strdup($0.keyword) }
        var values = url.parameters.map { strdup($0.value) }
        defer {
            for text in keywords + values { free(text) }
        }
        keywords.append(nil)
        values.append(nil)
        let constKeywords = keywords.map { UnsafePointer<CChar>($0) }
        let constValues = values.map { UnsafePointer<CChar>($0) }
        return PQconnectdbParams(constKeywords, constValues, 0)
    }

    /// libpq does not hand on the SQLSTATE with which a server refuses a connection: the words of the commonest are known.
    private static func stateOfRefusal(_ message: String) -> String? {
        if message.contains("password authentication failed") || message.contains("no password supplied") {
            return "28P01"
        }
        if message.contains("too many clients") || message.contains("too many connections") { return "53300" }
        if message.contains("no pg_hba.conf entry") || message.contains("role \"") { return "28000" }
        if message.contains("database \"") && message.contains("does not exist") { return "3D000" }
        return nil
    }

    // MARK: Statements

    /// Runs a statement, prepared once a connection, and returns its rows.
    ///
    /// - Parameter limit: the server's own, where the session's is changed for this statement.
    func query(
        _ sql: String, _ values: [PostgreSQLValue] = [], limit: Duration = PostgreSQLSession.statementTimeout
    ) throws(PostgreSQLFailure) -> PostgreSQLResult {
        let name: String
        if let known = prepared[sql] {
            name = known
        } else {
            name = "trustlog_\(prepared.count)"
            try perform(limit: limit) { handle in
                let types = values.map { Oid($0.type.rawValue) }
                return PQsendPrepare(handle, name, sql, Int32(types.count), types)
            }
            prepared[sql] = name
        }
        return try perform(limit: limit) { handle in
            Self.withPointers(values) { pointers, lengths, formats in
                PQsendQueryPrepared(handle, name, Int32(values.count), pointers, lengths, formats, 1)
            }
        }
    }

    /// Runs a statement, prepared once a connection. Returns how many rows it inserted, changed or deleted.
    @discardableResult
    func run(_ sql: String, _ values: [PostgreSQLValue]) throws(PostgreSQLFailure) -> Int {
        try query(sql, values).affectedCount
    }

    /// Runs a statement that is planned for these very values.
    func queryOnce(
        _ sql: String, _ values: [PostgreSQLValue] = [], limit: Duration = PostgreSQLSession.statementTimeout
    ) throws(PostgreSQLFailure) -> PostgreSQLResult {
        try perform(limit: limit) { handle in
            let types = values.map { Oid($0.type.rawValue) }
            return Self.withPointers(values) { pointers, lengths, formats in
                PQsendQueryParams(handle, sql, Int32(values.count), types, pointers, lengths, formats, 1)
            }
        }
    }

    /// Runs SQL text of one or several statements without parameters.
    func execute(
        _ sql: String, limit: Duration = PostgreSQLSession.statementTimeout
    ) throws(PostgreSQLFailure) {
        try perform(limit: limit) { handle in PQsendQuery(handle, sql) }
    }

    /// Runs a `COPY … FROM STDIN`. Returns how many rows came in.
    func copy(
        _ sql: String, _ bytes: [UInt8], limit: Duration = PostgreSQLSession.statementTimeout
    ) throws(PostgreSQLFailure) -> Int {
        let id = try lifetime.begin(cancelHandle)
        defer { lifetime.end(id) }
        guard PQsendQuery(handle, sql) == 1 else { throw connectionFailure() }
        let deadline = ContinuousClock.now + limit + Self.grace
        try flush(until: deadline)
        guard let answer = try nextResult(until: deadline) else { throw connectionFailure() }
        if PQresultStatus(answer) == PGRES_COPY_IN {
            PQclear(answer)
            try send(bytes, until: deadline)
        } else {
            let failure = self.failure(of: answer)
            PQclear(answer)
            while let rest = try nextResult(until: deadline) { PQclear(rest) }
            throw failure
        }
        return try lastResult(until: deadline).affectedCount
    }

    private func send(_ bytes: [UInt8], until deadline: ContinuousClock.Instant) throws(PostgreSQLFailure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            // Some at a time, so that a server that says no is heard before all of it was sent.
            let part = rest.prefix(256 << 10)
            let status = part.withUnsafeBufferPointer { buffer in
                buffer.withMemoryRebound(to: CChar.self) { PQputCopyData(handle, $0.baseAddress, Int32($0.count)) }
            }
            guard status >= 0 else { throw connectionFailure() }
            if status == 1 { rest = rest.dropFirst(part.count) }
            try flush(until: deadline)
        }
        while true {
            let status = PQputCopyEnd(handle, nil)
            guard status >= 0 else { throw connectionFailure() }
            try flush(until: deadline)
            if status == 1 { return }
        }
    }

    private static func withPointers(
        _ values: [PostgreSQLValue],
        _ body: ([UnsafePointer<CChar>?], [Int32], [Int32]) -> Int32
    ) -> Int32 {
        func bind(_ index: Int, _ pointers: [UnsafePointer<CChar>?]) -> Int32 {
            guard index < values.count else {
                return body(
                    pointers, values.map { Int32(clamping: $0.bytes?.count ?? 0) },
                    [Int32](repeating: 1, count: values.count))
            }
            guard let bytes = values[index].bytes else { return bind(index + 1, pointers + [nil]) }
            // An empty array has no address, and no address means NULL.
            return (bytes.isEmpty ? [0] : bytes).withUnsafeBytes { buffer in
                bind(index + 1, pointers + [buffer.baseAddress?.assumingMemoryBound(to: CChar.self)])
            }
        }
        return bind(0, [])
    }

    /// Whether the next batch may go by `COPY`.
    func mayCopy() throws(PostgreSQLFailure) -> Bool {
        if copyPause > 0 {
            copyPause -= 1
            return false
        }
        return try acceptsCopy()
    }

    func pauseCopying() { copyPause = 8 }

    // MARK: Transactions

    /// Commits what `body` did, or nothing.
    ///
    /// - Parameter mode: what stands behind `BEGIN`.
    func transaction<Value>(
        _ mode: String = "ISOLATION LEVEL READ COMMITTED",
        _ body: (PostgreSQLConnection) throws(PostgreSQLFailure) -> Value
    ) throws(PostgreSQLFailure) -> Value {
        try execute("BEGIN \(mode)")
        do throws(PostgreSQLFailure) {
            let value = try body(self)
            try execute("COMMIT")
            return value
        } catch {
            if PQtransactionStatus(handle) != PQTRANS_IDLE { try? execute("ROLLBACK") }
            throw error
        }
    }

    /// Whether the connection can serve another call: it is there and no transaction is open.
    var isUsable: Bool {
        PQstatus(handle) == CONNECTION_OK && PQtransactionStatus(handle) == PQTRANS_IDLE
    }

    /// The same, having looked whether the server ended the connection meanwhile.
    var isStillUsable: Bool {
        while isUsable {
            var descriptor = pollfd(fd: PQsocket(handle), events: Int16(POLLIN), revents: 0)
            guard poll(&descriptor, 1, 0) > 0 else { return true }
            // Its last words come first, the end of the stream after them.
            guard PQconsumeInput(handle) == 1 else { return false }
        }
        return false
    }

    // MARK: Waiting

    @discardableResult
    private func perform(
        limit: Duration, _ send: (OpaquePointer) -> Int32
    ) throws(PostgreSQLFailure) -> PostgreSQLResult {
        let id = try lifetime.begin(cancelHandle)
        defer { lifetime.end(id) }
        guard send(handle) == 1 else { throw connectionFailure() }
        let deadline = ContinuousClock.now + limit + Self.grace
        try flush(until: deadline)
        return try lastResult(until: deadline)
    }

    /// Reads everything that is answered.
    private func lastResult(until deadline: ContinuousClock.Instant) throws(PostgreSQLFailure) -> PostgreSQLResult {
        var failure: PostgreSQLFailure?
        var last: PostgreSQLResult?
        while let result = try nextResult(until: deadline) {
            switch PQresultStatus(result) {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY:
                last = PostgreSQLResult(handle: result)
            case PGRES_FATAL_ERROR, PGRES_BAD_RESPONSE, PGRES_NONFATAL_ERROR:
                failure = failure ?? self.failure(of: result)
                PQclear(result)
            default:
                PQclear(result)
                throw .lost("the server answered with something else than rows")
            }
        }
        if let failure { throw failure }
        guard let last else { throw connectionFailure() }
        return last
    }

    /// Sends what libpq holds back, reading meanwhile: a server that cannot answer stops reading.
    private func flush(until deadline: ContinuousClock.Instant) throws(PostgreSQLFailure) {
        while true {
            let status = PQflush(handle)
            if status == 0 { return }
            guard status > 0 else { throw connectionFailure() }
            try wait(for: Int16(POLLIN | POLLOUT), until: deadline)
            guard PQconsumeInput(handle) == 1 else { throw connectionFailure() }
        }
    }

    private func nextResult(until deadline: ContinuousClock.Instant) throws(PostgreSQLFailure) -> OpaquePointer? {
        while PQisBusy(handle) == 1 {
            try wait(for: Int16(POLLIN), until: deadline)
            guard PQconsumeInput(handle) == 1 else { throw connectionFailure() }
        }
        return PQgetResult(handle)
    }

    private func wait(for events: Int16, until deadline: ContinuousClock.Instant) throws(PostgreSQLFailure) {
        while true {
            let giveUpAt = lifetime.giveUpAt
            let end = giveUpAt.map { min($0, deadline) } ?? deadline
            let remaining = ContinuousClock.now.duration(to: end)
            guard remaining > .zero else {
                if giveUpAt != nil { throw .closed }
                throw .lost("no answer in time; the network or a proxy may have dropped the connection")
            }
            // Once the store is closed its descriptor stays readable and would wake this at once for ever.
            var descriptors = [
                pollfd(fd: PQsocket(handle), events: events, revents: 0),
                pollfd(fd: giveUpAt == nil ? lifetime.closedDescriptor : -1, events: Int16(POLLIN), revents: 0),
            ]
            let count = poll(&descriptors, 2, remaining.pollMilliseconds)
            if count > 0, descriptors[0].revents != 0 { return }
            guard count >= 0 || errno == EINTR else { throw .lost("poll failed: error \(errno)") }
        }
    }

    // MARK: Notifications

    /// Blocks until somebody else announces something, or `timeout` has passed.
    func waitForNotification(timeout: Duration) throws(PostgreSQLFailure) -> Bool {
        let deadline = ContinuousClock.now + timeout
        while true {
            var wasNotified = false
            while let notification = PQnotifies(handle) {
                wasNotified = wasNotified || String(cString: notification.pointee.extra) != announcer
                PQfreemem(notification)
            }
            if wasNotified { return true }
            if lifetime.isClosed { throw .closed }
            let remaining = ContinuousClock.now.duration(to: deadline)
            guard remaining > .zero else { return false }
            var descriptors = [
                pollfd(fd: PQsocket(handle), events: Int16(POLLIN), revents: 0),
                pollfd(fd: lifetime.closedDescriptor, events: Int16(POLLIN), revents: 0),
            ]
            _ = poll(&descriptors, 2, remaining.pollMilliseconds)
            if descriptors[0].revents != 0, PQconsumeInput(handle) != 1 { throw connectionFailure() }
        }
    }

    // MARK: Failures

    private func failure(of result: OpaquePointer) -> PostgreSQLFailure {
        let state = PQresultErrorField(result, Int32(UInt8(ascii: "C"))).map { String(cString: $0) }
        guard let primary = PQresultErrorField(result, Int32(UInt8(ascii: "M"))) else { return connectionFailure() }
        return PostgreSQLFailure(sqlState: state, message: url.redacted(Self.oneLine(primary)))
    }

    private func connectionFailure() -> PostgreSQLFailure {
        let message = url.redacted(Self.oneLine(PQerrorMessage(handle)))
        return .lost(message.isEmpty ? "the connection was lost" : message)
    }

    private static func oneLine(_ text: UnsafePointer<CChar>?) -> String {
        guard let text else { return "" }
        let lines = String(cString: text).utf8.split(separator: UInt8(ascii: "\n"))
        return String(decoding: Array(lines.joined(separator: "; ".utf8)), as: UTF8.self)
    }
}

extension Duration {
    /// For poll(2): rounded up, so that a deadline has passed when it returns.
    var pollMilliseconds: Int32 {
        let (seconds, attoseconds) = components
        let milliseconds = seconds.multipliedReportingOverflow(by: 1000)
        guard !milliseconds.overflow else { return .max }
        return Int32(clamping: max(0, milliseconds.partialValue + attoseconds / 1_000_000_000_000_000 + 1))
    }
}
