package import TrustlogCore

// The values that pass between the workers and a store.

/// An operation on its way into the table.
package struct IncomingOperation: Sendable {
    package var operation: Operation
    package var source: RecordSource?
    /// The headers to pass on, as a JSON object of strings; `nil` if none.
    package var headers: String?

    package init(operation: Operation, source: RecordSource?, headers: String?) {
        self.operation = operation
        self.source = source
        self.headers = headers
    }
}

/// The next offset to consume from a partition.
package struct ConsumerPosition: Sendable, Equatable {
    package var topic: String
    package var partition: Int32
    package var nextOffset: Int64

    package init(topic: String, partition: Int32, nextOffset: Int64) {
        self.topic = topic
        self.partition = partition
        self.nextOffset = nextOffset
    }
}

package struct IngestBatch: Sendable {
    package var group: String
    package var initialStatus: InitialStatus
    /// In the order consumed.
    package var rows: [IncomingOperation]
    /// One a partition of the batch.
    package var positions: [ConsumerPosition]

    package enum InitialStatus: String, Sendable {
        case waiting = "NOT_TRUSTLOGGED"
        case notRequired = "NOT_REQUIRED"
    }

    package init(
        group: String, initialStatus: InitialStatus, rows: [IncomingOperation], positions: [ConsumerPosition]
    ) {
        self.group = group
        self.initialStatus = initialStatus
        self.rows = rows
        self.positions = positions
    }
}

package struct PersistResult: Sendable {
    package enum Outcome: Sendable, Equatable {
        case inserted
        case duplicate
        /// The `opId` is there with other content.
        case conflict
        /// The database refuses this row for this reason.
        case refused(String)
    }

    /// One a row of the batch, in its order.
    package var outcomes: [Outcome]
    /// As written to `trustlog_consumer_offset`.
    package var positions: [ConsumerPosition]

    package init(outcomes: [Outcome], positions: [ConsumerPosition]) {
        self.outcomes = outcomes
        self.positions = positions
    }
}

/// Which rows a cursor worker looks for.
package struct WaitingScan: Sendable {
    /// This cursor's number, and how many divide the rows among them.
    package var cursor: Int
    package var cursorCount: Int
    /// Only rows with a `seq` above this.
    package var after: Int64
    /// Only rows with a `seq` up to this, if given (the sweep behind the forward scan).
    package var through: Int64?
    package var limit: Int
    package var byteLimit: Int

    package init(cursor: Int, cursorCount: Int, after: Int64, through: Int64?, limit: Int, byteLimit: Int) {
        self.cursor = cursor
        self.cursorCount = cursorCount
        self.after = after
        self.through = through
        self.limit = limit
        self.byteLimit = byteLimit
    }
}

package struct StoredOperation: Sendable {
    package var operation: Operation
    package var source: RecordSource?
    /// The headers to pass on, as a JSON object of strings; `nil` if none.
    package var headers: String?

    package init(operation: Operation, source: RecordSource?, headers: String?) {
        self.operation = operation
        self.source = source
        self.headers = headers
    }
}

/// A row as read, or why it cannot be (an application's own `INSERT` may break what no constraint can say).
package struct StoredRow: Sendable {
    package var seq: Int64
    /// `nil` only where the row is so broken that not even its identity can be read.
    package var opId: String?
    package var recordedAt: Timestamp?
    package var content: Result<StoredOperation, UnreadableRow>

    package init(seq: Int64, opId: String?, recordedAt: Timestamp?, content: Result<StoredOperation, UnreadableRow>) {
        self.seq = seq
        self.opId = opId
        self.recordedAt = recordedAt
        self.content = content
    }
}

package struct UnreadableRow: Error, Sendable, Equatable {
    /// The column and what is wrong with it.
    package var message: String

    package init(message: String) {
        self.message = message
    }
}

/// The broker stored a row's envelope there.
package struct Acknowledgement: Sendable, Equatable {
    package var seq: Int64
    package var partition: Int32?
    /// `nil` if the broker acknowledged without naming it.
    package var offset: Int64?

    package init(seq: Int64, partition: Int32?, offset: Int64?) {
        self.seq = seq
        self.partition = partition
        self.offset = offset
    }
}

package struct PublishFailure: Sendable {
    package var seq: Int64
    package var error: String
    package var delay: Duration

    package init(seq: Int64, error: String, delay: Duration) {
        self.seq = seq
        self.error = error
        self.delay = delay
    }
}

/// The right to try one row of `trustlog_retry`, until `claimedUntil`.
package struct RetryClaim: Sendable {
    package var opId: String
    package var retryCount: Int
    /// The value of `next_retry_at` that this claim wrote: an outcome applies only where it still stands.
    package var claimedUntil: Timestamp
    /// `nil` where no operation has this `opId`.
    package var row: StoredRow?
    package var isTrustlogged: Bool

    package init(opId: String, retryCount: Int, claimedUntil: Timestamp, row: StoredRow?, isTrustlogged: Bool) {
        self.opId = opId
        self.retryCount = retryCount
        self.claimedUntil = claimedUntil
        self.row = row
        self.isTrustlogged = isTrustlogged
    }
}

package struct RetrySuccess: Sendable {
    package var claim: RetryClaim
    package var acknowledgement: Acknowledgement

    package init(claim: RetryClaim, acknowledgement: Acknowledgement) {
        self.claim = claim
        self.acknowledgement = acknowledgement
    }
}

package struct RetryFailure: Sendable {
    package var claim: RetryClaim
    package var error: String
    /// `nil`: no further try, a dead letter.
    package var delay: Duration?

    package init(claim: RetryClaim, error: String, delay: Duration?) {
        self.claim = claim
        self.error = error
        self.delay = delay
    }
}

package struct RetryFilter: Sendable {
    /// Only these, if given.
    package var opIds: [String]?
    package var onlyDeadLetters: Bool
    /// Only rows whose `last_error` contains this text.
    package var errorContains: String?
    /// Only rows that first failed longer ago than this.
    package var olderThan: Duration?

    package init(
        opIds: [String]? = nil, onlyDeadLetters: Bool = false, errorContains: String? = nil, olderThan: Duration? = nil
    ) {
        self.opIds = opIds
        self.onlyDeadLetters = onlyDeadLetters
        self.errorContains = errorContains
        self.olderThan = olderThan
    }

    /// Whether operations that are `FAILED` without a row of `trustlog_retry` are meant, too: nothing but their identity can
    /// be asked of these.
    var includesUnlisted: Bool { !onlyDeadLetters && errorContains == nil && olderThan == nil }

    /// The `last_error` of a row that was made for one of them.
    static let unlistedReason = "requeued by an operator: it was FAILED and had no row here"
}

/// Where a page of retries ended.
package struct RetryPageKey: Sendable {
    package var firstFailedAt: Timestamp
    package var opId: String

    package init(firstFailedAt: Timestamp, opId: String) {
        self.firstFailedAt = firstFailedAt
        self.opId = opId
    }
}

package struct RetryRow: Sendable {
    package enum Status: String, Sendable {
        case pending = "PENDING"
        case deadLetter = "DEAD_LETTER"
    }

    package var opId: String
    package var status: Status
    package var retryCount: Int
    package var nextRetryAt: Timestamp?
    package var lastError: String?
    package var firstFailedAt: Timestamp
    package var updatedAt: Timestamp

    package init(
        opId: String, status: Status, retryCount: Int, nextRetryAt: Timestamp?, lastError: String?,
        firstFailedAt: Timestamp, updatedAt: Timestamp
    ) {
        self.opId = opId
        self.status = status
        self.retryCount = retryCount
        self.nextRetryAt = nextRetryAt
        self.lastError = lastError
        self.firstFailedAt = firstFailedAt
        self.updatedAt = updatedAt
    }
}

/// A row of `trustlog_cursor`.
package struct CursorRow: Sendable, Equatable {
    package var key: String
    package var value: String?
    package var owner: String?
    package var leaseUntil: Timestamp?
    package var updatedAt: Timestamp
    /// `recorded_at` of the last row at or before the position, where the value is a sequence and there is one.
    package var positionTime: Timestamp?

    package init(
        key: String, value: String?, owner: String?, leaseUntil: Timestamp?, updatedAt: Timestamp,
        positionTime: Timestamp? = nil
    ) {
        self.key = key
        self.value = value
        self.owner = owner
        self.leaseUntil = leaseUntil
        self.updatedAt = updatedAt
        self.positionTime = positionTime
    }
}

package enum LeaseAttempt: Sendable {
    /// Ours; the value is the position that the last owner left, a hint.
    case granted(value: String?)
    /// Somebody else's, as seen now.
    case held(CursorRow)
}

package enum OperationStatus: String, Sendable, CaseIterable {
    case notTrustlogged = "NOT_TRUSTLOGGED"
    case failed = "FAILED"
    case trustlogged = "TRUSTLOGGED"
    case notRequired = "NOT_REQUIRED"
    case discarded = "DISCARDED"
}

/// How many rows the table holds.
package struct OperationCounts: Sendable, Equatable {
    package var total: Int
    package var byStatus: [OperationStatus: Int]

    /// - Parameter others: the counts of every other status than `TRUSTLOGGED`, which has the rest: the only one whose rows
    ///   no index counts.
    package init(total: Int, others: [OperationStatus: Int]) {
        self.total = total
        byStatus = others
        byStatus[.trustlogged] = total - others.values.reduce(0, +)
    }

    package init(byStatus: [OperationStatus: Int]) {
        total = byStatus.values.reduce(0, +)
        self.byStatus = byStatus
    }
}

/// One operation with all that is known of its way.
package struct OperationDetail: Sendable {
    package var row: StoredRow
    package var status: OperationStatus
    package var trustloggedAt: Timestamp?
    package var partition: Int32?
    package var offset: Int64?
    package var retry: RetryRow?

    package init(
        row: StoredRow, status: OperationStatus, trustloggedAt: Timestamp?, partition: Int32?, offset: Int64?,
        retry: RetryRow?
    ) {
        self.row = row
        self.status = status
        self.trustloggedAt = trustloggedAt
        self.partition = partition
        self.offset = offset
        self.retry = retry
    }
}

/// A row's status, and where its envelope was stored.
package struct RowPlacement: Sendable, Equatable {
    package var seq: Int64
    /// Empty where it cannot be read.
    package var opId: String
    package var status: OperationStatus
    package var partition: Int32?
    package var offset: Int64?

    package init(seq: Int64, opId: String, status: OperationStatus, partition: Int32?, offset: Int64?) {
        self.seq = seq
        self.opId = opId
        self.status = status
        self.partition = partition
        self.offset = offset
    }

    /// The columns that make one, in the order in which every query asks for them.
    static let columns = "seq, op_id, trustlog_status, trustlog_partition, trustlog_offset"
}

package struct StoreStatistics: Sendable {
    /// `NOT_TRUSTLOGGED` and `FAILED`, dead letters aside.
    package var unlogged: Int
    /// `recorded_at` of the oldest of these, and the database's clock when it was read.
    package var oldestUnlogged: Timestamp?
    package var databaseTime: Timestamp
    /// Rows `PENDING` in `trustlog_retry`, and how many of them are due.
    package var retriesPending: Int
    package var retriesDue: Int
    package var deadLetters: Int
    /// Dead letters by `last_error`, the most frequent first, at most 20.
    package var deadLetterReasons: [(reason: String, count: Int)]

    package init(
        unlogged: Int, oldestUnlogged: Timestamp?, databaseTime: Timestamp, retriesPending: Int, retriesDue: Int,
        deadLetters: Int, deadLetterReasons: [(reason: String, count: Int)]
    ) {
        self.unlogged = unlogged
        self.oldestUnlogged = oldestUnlogged
        self.databaseTime = databaseTime
        self.retriesPending = retriesPending
        self.retriesDue = retriesDue
        self.deadLetters = deadLetters
        self.deadLetterReasons = deadLetterReasons
    }
}

package struct SchemaState: Sendable, Equatable {
    package var version: Int
    /// The oldest program version of the schema that may use it.
    package var compatibleFrom: Int
    /// Random, made once a database.
    package var databaseID: String

    package init(version: Int, compatibleFrom: Int, databaseID: String) {
        self.version = version
        self.compatibleFrom = compatibleFrom
        self.databaseID = databaseID
    }
}
