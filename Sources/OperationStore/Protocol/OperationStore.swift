package import TrustlogCore

/// The table of operations and what stands around it (contract, section 4), whatever the database.
///
/// Every promise written here is checked for every database by one suite, `StoreConformance` in the tests.
///
/// Each method is one transaction (or one read) and returns when it is committed. None is retried inside: an error says by
/// ``StoreError/kind`` whether waiting helps, and a caller that repeats a call changes nothing twice. Implementations run
/// their blocking calls on pinned threads; a method may be called from any task, and calls of one kind are carried out in
/// the order in which they were made.
package protocol OperationStore: Sendable {
    // MARK: Schema

    /// Creates or upgrades the schema, safely when several processes do so at once. Does nothing where the schema is there
    /// already, so that a user without the right to create tables may call it.
    func migrate() async throws(StoreError)

    /// What the database says of its schema; `nil` where there is none.
    func schemaState() async throws(StoreError) -> SchemaState?

    // MARK: Ingest

    /// Inserts what is not there yet and moves the consumer's position, in one transaction.
    ///
    /// Rows keep the order of the batch (by `seq`). A row whose `opId` is there already (or earlier in the batch) is
    /// `duplicate` if their records are alike but for `source`, else `conflict`: the first one stays. A row that the database
    /// refuses for a reason of its own, while it accepts a probe row, is `refused`; its neighbours are inserted.
    /// For each partition, `next_offset` becomes the lower of the position given and the lowest offset of a row of that
    /// partition that came out as `conflict` or `refused`; the caller moves it on by ``advance(_:group:)`` once their dead
    /// letters are acknowledged.
    func persist(_ batch: IngestBatch) async throws(StoreError) -> PersistResult

    /// Sets positions of the consumer group, whatever they were.
    func advance(_ positions: [ConsumerPosition], group: String) async throws(StoreError)

    /// The positions known for the group; partitions without one are left out.
    func positions(group: String, topic: String) async throws(StoreError) -> [ConsumerPosition]

    // MARK: Discovery

    /// Rows in `NOT_TRUSTLOGGED` of one cursor's share, ordered by `seq`. It ends at `limit` rows, or with the row that
    /// takes the page past `byteLimit` bytes of text. Its cost follows what is waiting, not the size of the table.
    func waiting(_ scan: WaitingScan) async throws(StoreError) -> [StoredRow]

    /// The `seq` of the rows that ``waiting(_:)`` would find, whatever their size: an index answers it alone.
    func waitingSequences(_ scan: WaitingScan) async throws(StoreError) -> [Int64]

    // MARK: Outcomes of publishing

    /// Sets `TRUSTLOGGED`, `trustlogged_at`, `trustlog_partition` and `trustlog_offset` of rows that are `NOT_TRUSTLOGGED`
    /// or `FAILED`; rows of any other status stay as they are. Returns how many it changed.
    @discardableResult
    func recordAcknowledged(_ acknowledgements: [Acknowledgement]) async throws(StoreError) -> Int

    /// Moves rows from `NOT_TRUSTLOGGED` to `FAILED` and makes their rows in `trustlog_retry` (`PENDING`, `retry_count` 0,
    /// due after `delay` on the database's clock), in one transaction. Rows of any other status, and retry rows that are
    /// there already, stay as they are. A row that is not readable (no `opId`) is found by its `seq`.
    func recordFailed(_ failures: [PublishFailure]) async throws(StoreError)

    // MARK: Retries

    /// Claims due rows of `trustlog_retry`, oldest due first, by moving `next_retry_at` on by `lease`; rows that another
    /// claimer holds are passed over.
    func claimRetries(limit: Int, lease: Duration) async throws(StoreError) -> [RetryClaim]

    /// For claims that still hold: status, partition and offset as ``recordAcknowledged(_:)`` and deletion of the retry row in
    /// one transaction. A claim that was lost still records the acknowledgement, which is true.
    func recordRetrySucceeded(_ successes: [RetrySuccess]) async throws(StoreError)

    /// Deletes retry rows whose operation is already `TRUSTLOGGED`, where the claim still holds.
    func recordRetryObsolete(_ claims: [RetryClaim]) async throws(StoreError)

    /// Counts a failed try where `next_retry_at` is still the claim's own value: `retry_count` + 1, `last_error`, and either
    /// the next try after `delay` or, where that is `nil`, `DEAD_LETTER`. A claim that was lost counts nothing.
    func recordRetryFailed(_ failures: [RetryFailure]) async throws(StoreError)

    /// Gives claims back: due again at once, nothing counted. Where a claim was lost, nothing.
    func releaseRetries(_ claims: [RetryClaim]) async throws(StoreError)

    // MARK: Retries, by an operator

    /// Rows of `trustlog_retry` that match, the longest failing first, after `after` in that order.
    func retries(_ filter: RetryFilter, after: RetryPageKey?, limit: Int) async throws(StoreError) -> [RetryRow]
    /// Makes the rows that match due at once: `PENDING`, `retry_count` 0. An operation that is `FAILED` without a row gets one,
    /// if it is named, or every row is meant. Returns how many.
    func requeueRetries(_ filter: RetryFilter) async throws(StoreError) -> Int
    /// Deletes the rows that match and sets the status of their operations to `DISCARDED` unless they are `TRUSTLOGGED`, in
    /// one transaction. Returns how many.
    func discardRetries(_ filter: RetryFilter) async throws(StoreError) -> Int

    // MARK: Cursors and leases

    /// All rows of `trustlog_cursor`, by key, each with the time of the row that its position names.
    func cursors() async throws(StoreError) -> [CursorRow]

    /// Takes the lease of a cursor, making its row if need be: granted if nobody holds it, if it has expired on the database's
    /// clock, if `owner` holds it already, or if the row still is just what `unchanged` says (which the caller has watched for
    /// a whole lease on its own monotonic clock).
    func acquireLease(
        key: String, owner: String, length: Duration, unchanged: CursorRow?
    ) async throws(StoreError) -> LeaseAttempt

    /// Prolongs a lease and writes the position (a hint); false if `owner` does not hold it any more.
    func renewLease(key: String, owner: String, length: Duration, position: Int64?) async throws(StoreError) -> Bool

    /// Gives a lease back, where `owner` still holds it, and writes the position.
    func releaseLease(key: String, owner: String, position: Int64?) async throws(StoreError)

    /// Sets the value of a bookmark or a replay's cursor, made if need be. `expected`: only if the value is still that.
    func setCursor(key: String, value: String, expected: String?) async throws(StoreError) -> Bool
    /// Deletes a cursor; false if there was none.
    func deleteCursor(key: String) async throws(StoreError) -> Bool

    // MARK: Reading by position

    /// The bounds of the table: lowest and highest `seq`, `nil` where it is empty.
    func bounds() async throws(StoreError) -> ClosedRange<Int64>?
    /// The first `seq` whose row was recorded at `time` or later; `nil` where none was.
    func sequence(recordedAtOrAfter time: Timestamp) async throws(StoreError) -> Int64?
    /// The row of an `opId`, with its status and retry row.
    func operation(opId: String) async throws(StoreError) -> OperationDetail?
    /// Rows of a range whatever their status, ordered by `seq`; ends like ``waiting(_:)``.
    func operations(in range: ClosedRange<Int64>, limit: Int, byteLimit: Int) async throws(StoreError) -> [StoredRow]
    /// The rows of these `opId`s, each once, in no order; those that no row has are left out.
    func operations(opIds: [String]) async throws(StoreError) -> [OperationDetail]
    /// Where the rows of a range stand, without their content, ordered by `seq`, at most `limit`.
    func placements(in range: ClosedRange<Int64>, limit: Int) async throws(StoreError) -> [RowPlacement]
    /// How many rows a range holds.
    func count(in range: ClosedRange<Int64>) async throws(StoreError) -> Int

    // MARK: Watching

    /// What waits, what failed and why; its cost follows these, not the size of the table.
    func statistics() async throws(StoreError) -> StoreStatistics
    /// How many operations the table holds. It costs a pass over indexes: call it seldom.
    func operationCounts() async throws(StoreError) -> OperationCounts
    /// Tells, coalesced, that rows may have been added by somebody else (`NOTIFY trustlog` on PostgreSQL). It ends when the
    /// store is closed; where the database has no such signal it never yields.
    func announcements() -> AsyncStream<Void>
    /// Tells the other processes that listen that rows were added, where the database has such a signal.
    func announce() async throws(StoreError)
    /// One cheap round trip; returns when the database answers.
    func ping() async throws(StoreError)

    /// Ends the connections after what is under way; later calls throw ``StoreError/Kind/closed``.
    func close() async
}
