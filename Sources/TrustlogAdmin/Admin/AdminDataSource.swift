/// Where the admin API gets its answers: JSON texts in the form of the contract's section 11.
///
/// Each may ask a database. It is cancelled, and the client told so, when it takes longer than the server's
/// `answerDeadline`.
package protocol AdminDataSource: Sendable {
    /// The object of `status`.
    func status() async throws(AdminDataError) -> String
    /// The array of `cursors list`.
    func cursors() async throws(AdminDataError) -> String
    /// The array of `retries list`, at most `query.limit` elements.
    func retries(_ query: RetriesQuery) async throws(AdminDataError) -> String
    /// One operation with all that is known of its way; `nil` if there is none with this `opId`.
    func operation(opId: String) async throws(AdminDataError) -> String?
}

package struct AdminDataError: Error, Sendable, Equatable {
    package enum Kind: Sendable {
        /// Asking again later may help: 503.
        case unavailable
        /// It will not: 500.
        case failed
    }

    package let kind: Kind
    /// What failed and why, without secrets.
    package let message: String

    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }
}
