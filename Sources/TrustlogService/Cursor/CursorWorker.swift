import Observability
import OperationStore
import Synchronization
import TrustlogCore

/// Finds the rows of one publishing cursor that wait, publishes them with several batches in flight, and records what was
/// acknowledged.
///
/// No database transaction is open while it waits for Kafka. A row's status follows its acknowledgement; whatever is lost
/// between the two is found again by the next scan and published once more.
actor CursorWorker {
    private let configuration: ServiceConfiguration.Cursor
    private let index: Int
    private let store: any OperationStore
    private let publisher: RecordPublisher
    private let recorder: OutcomeRecorder
    private let clock: any ServiceClock
    private let state: ServiceState
    private let logger: Logger
    private let repeated: LogLimiter
    private let heartbeat: @Sendable () -> Void
    private let wakeup = Wakeup()
    private let hasNews = Atomic(false)
    private let isOwner = Atomic(false)

    private var lease: Lease
    private var scan: CursorScan
    private var pauses = Backoff()
    /// Rows produced and not yet recorded, with the size of their text.
    private var inFlight: [Int64: Int] = [:]
    private var bytesInFlight = 0
    private var lastAnswer: Duration
    /// Where the cursor stood before the scan began again.
    private var inherited: Int64 = 0
    /// The first row that was in flight and has to be published, or recorded, again.
    private var firstUnsettled: Int64?
    /// Everything in flight has to settle, then the scan begins again: after an outage, or without the lease.
    private var isDraining = false
    /// Another replica asked for this cursor: it is given up when nothing is in flight.
    private var isYielding = false
    /// When the row was written last by this process; any other time is a knock.
    private var ownUpdate: Timestamp?
    private var knockAgainAt = Duration.zero
    private var isStopping = false

    /// Rows read by one query, at most: several batches share it under load.
    private static let pageLimit = 2_000
    private static let pageByteLimit = 8 << 20
    private static let bytesInFlightLimit = 64 << 20
    private static let stallAfter = Duration.seconds(5)
    /// How long the loop may rest between two signs of life.
    private static let longestRest = Duration.seconds(10)

    init(
        index: Int, owner: String, configuration: ServiceConfiguration, store: any OperationStore,
        publisher: RecordPublisher, recorder: OutcomeRecorder, clock: any ServiceClock, state: ServiceState,
        logger: Logger, heartbeat: @escaping @Sendable () -> Void
    ) {
        self.configuration = configuration.cursor
        self.index = index
        self.store = store
        self.publisher = publisher
        self.recorder = recorder
        self.clock = clock
        self.state = state
        self.logger = logger
        repeated = LogLimiter(logger: logger)
        self.heartbeat = heartbeat
        lease = Lease(key: "publish-\(index)", owner: owner, length: configuration.cursor.lease)
        scan = CursorScan(interval: configuration.cursor.interval, now: clock.now)
        lastAnswer = clock.now
    }

    /// Rows may have been added: look at once.
    nonisolated func notify() {
        hasNews.store(true, ordering: .releasing)
        wakeup.notify()
    }

    /// Whether this process publishes the rows of this cursor, as far as it knows.
    nonisolated var ownsCursor: Bool { isOwner.load(ordering: .acquiring) }

    /// Ends ``run()`` when what is in flight has settled.
    func stop() {
        isStopping = true
        wakeup.notify()
    }

    func run() async {
        while !(isStopping && inFlight.isEmpty) {
            heartbeat()
            noticeStall()
            let next = isStopping ? clock.now + .seconds(1) : await work()
            if let next {
                await wakeup.wait(timeout: min(max(.zero, next - clock.now), Self.longestRest), clock: clock)
            }
        }
        try? await store.releaseLease(key: lease.key, owner: lease.owner, position: position)
    }

    /// The last `seq` behind which nothing of this cursor is in flight: a hint for people and for status. `nil`: no other
    /// than it was.
    private var position: Int64? {
        if let first = inFlight.keys.min() { return min(first, firstUnsettled ?? first) - 1 }
        let reached = min(max(scan.high, inherited), (firstUnsettled ?? .max) - 1)
        return reached > 0 ? reached : nil
    }

    // MARK: One turn

    /// Does one step; returns when to take the next at the latest, `nil` for at once.
    private func work() async -> Duration? {
        do throws(StoreError) {
            let isHeld = try await keepLease()
            isOwner.store(isHeld, ordering: .releasing)
            guard isHeld else {
                await probeIdleCircuit()
                return lease.nextLook(now: clock.now)
            }
            if isYielding {
                guard inFlight.isEmpty else { return lease.nextLook(now: clock.now) }
                try await yieldLease()
                return lease.nextLook(now: clock.now)
            }
            if isDraining {
                guard inFlight.isEmpty else { return lease.nextLook(now: clock.now) }
                isDraining = false
                inherited = position ?? 0
                firstUnsettled = nil
                scan.restart(now: clock.now)
            }
            let next = try await step()
            pauses.reset()
            repeated.recovered(key: "database", "the cursor worker goes on: the database answers")
            state.setReachable(.database, problem: nil)
            return next
        } catch {
            state.setReachable(.database, problem: "\(error)")
            repeated.log(level: .error, key: "database", "the cursor worker waits for the database: \(error)")
            return clock.now + pauses.next()
        }
    }

    private func step() async throws(StoreError) -> Duration? {
        let look = lease.nextLook(now: clock.now)
        guard let room = room() else { return look }
        if hasNews.exchange(false, ordering: .acquiring) { scan.news() }
        switch scan.next(now: clock.now) {
        case .wait(let until):
            return min(look, until)
        case .forward(let high):
            let page = try await read(after: high, through: nil, limit: room)
            guard mayPublish() else { return nil }
            let late = try await overtaken(by: page, after: high, room: room)
            guard mayPublish() else { return nil }
            guard late.isComplete, late.rows.count + page.count <= room else {
                // The page is read again behind them.
                publish(late.rows)
                // Where rows in flight fill the page that was read for them, room comes when some of those settle.
                return late.rows.isEmpty && !inFlight.isEmpty ? look : nil
            }
            scan.sawForward(last: page.last?.seq, isFull: isFull(page, limit: room), now: clock.now)
            publish(late.rows + page)
            await probeIdleCircuit()
            return nil
        case .sweep(let after, let high):
            let begin = clock.now
            // A row that settles while the page is read may still stand in it as waiting.
            let known = Set(inFlight.keys)
            let limit = known.count + room
            let page = try await read(after: after, through: high, limit: limit)
            guard mayPublish() else { return nil }
            let late = page.filter { !known.contains($0.seq) }
            scan.swept(
                last: page.last?.seq, isFull: isFull(page, limit: limit), took: clock.now - begin, now: clock.now)
            publish(late)
            return nil
        }
    }

    /// Rows below a page that waits to be published, which were committed while the scan went past them (see ``CursorScan``).
    /// They are looked for after the page was read: what one partition committed before a row of the page is visible now.
    private func overtaken(
        by page: [StoredRow], after high: Int64, room: Int
    ) async throws(StoreError) -> (rows: [StoredRow], isComplete: Bool) {
        let settled = scan.settled(now: clock.now)
        guard settled < high, page.contains(where: \.isConsumed) else { return ([], true) }
        let known = Set(inFlight.keys)
        let sequences = try await store.waitingSequences(
            WaitingScan(
                cursor: index, cursorCount: configuration.count, after: settled, through: high,
                limit: known.count + room, byteLimit: Self.pageByteLimit))
        let late = Set(sequences.lazy.filter { !known.contains($0) }.prefix(room))
        guard let first = late.min(), let last = late.max() else { return ([], true) }
        let rows = try await read(after: first - 1, through: last, limit: known.count + late.count)
            .filter { late.contains($0.seq) }
        return (rows, rows.count == late.count)
    }

    /// How many rows may be read now; `nil` if none, until something settles or the circuit's pause has passed.
    private func room() -> Int? {
        let free = min(configuration.maxInFlight - inFlight.count, Self.pageLimit)
        guard free > 0, bytesInFlight < Self.bytesInFlightLimit else { return nil }
        if publisher.breaker.snapshot.phase != .closed && !inFlight.isEmpty { return nil }
        switch publisher.breaker.permission() {
        case .proceed: return free
        case .probe: return min(free, configuration.batchSize)
        case .wait(let until):
            Task { [clock, wakeup] in
                await clock.sleep(until: until)
                wakeup.notify()
            }
            return nil
        }
    }

    /// With nothing to publish (another replica may have done it meanwhile) an open circuit would never be closed by an
    /// acknowledgement: the broker is asked instead.
    private func probeIdleCircuit() async {
        guard inFlight.isEmpty, publisher.breaker.snapshot.phase != .closed,
            publisher.breaker.permission() == .probe
        else { return }
        await publisher.probe()
    }

    private func read(after: Int64, through: Int64?, limit: Int) async throws(StoreError) -> [StoredRow] {
        try await store.waiting(
            WaitingScan(
                cursor: index, cursorCount: configuration.count, after: after, through: through, limit: limit,
                byteLimit: Self.pageByteLimit))
    }

    /// Whether more may wait behind a page. The store measures text in its own way: half of its limit is taken for all.
    private func isFull(_ page: [StoredRow], limit: Int) -> Bool {
        page.count >= limit || page.reduce(0) { $0 + $1.textSize } >= Self.pageByteLimit / 2
    }

    // MARK: Publishing

    private func publish(_ rows: [StoredRow]) {
        guard !rows.isEmpty else { return }
        if inFlight.isEmpty { lastAnswer = clock.now }
        var records: [PublishableRecord] = []
        var recordedAt: [Timestamp?] = []
        var unreadable: [PublishFailure] = []
        for row in rows {
            let size = row.textSize
            inFlight[row.seq] = size
            bytesInFlight += size
            switch row.content {
            case .success(let stored):
                records.append(PublishableRecord(seq: row.seq, opId: row.opId ?? stored.operation.opId, stored: stored))
                recordedAt.append(row.recordedAt)
            case .failure(let error):
                unreadable.append(
                    recorder.failure(seq: row.seq, .unreadable, "the row cannot be read: \(error.message)"))
            }
        }
        if !unreadable.isEmpty {
            Task { [recorder, self] in
                let isRecorded = await recorder.record([], unreadable, recordedAt: [])
                settled(unreadable.map(\.seq), isRecorded)
            }
        }
        guard !records.isEmpty else { return }
        let submission = publisher.submit(records)
        Task { [self] in
            await settle(records, recordedAt, await submission.outcomes())
        }
    }

    private func settle(_ records: [PublishableRecord], _ recordedAt: [Timestamp?], _ outcomes: [PublishOutcome]) async
    {
        lastAnswer = clock.now
        var acknowledged: [Acknowledgement] = []
        var times: [Timestamp?] = []
        var failures: [PublishFailure] = []
        var unsent: [Int64] = []
        for (index, outcome) in outcomes.enumerated() {
            let seq = records[index].seq
            switch outcome {
            case .acknowledged(let partition, let offset):
                acknowledged.append(Acknowledgement(seq: seq, partition: partition, offset: offset))
                times.append(recordedAt[index])
            case .refused(let refusal, let message):
                failures.append(recorder.failure(seq: seq, refusal, message))
            case .outage(let message):
                state.recordError(message)
                unsent.append(seq)
            case .notSent:
                unsent.append(seq)
            }
        }
        if !unsent.isEmpty {
            // What follows in the queue must not overtake what has to be sent again.
            isDraining = true
            if !isStopping { publisher.giveUpQueued() }
            settled(unsent, false)
        }
        let isRecorded = await recorder.record(acknowledged, failures, recordedAt: times)
        settled(acknowledged.map(\.seq) + failures.map(\.seq), isRecorded)
    }

    private func settled(_ sequences: [Int64], _ isRecorded: Bool) {
        for seq in sequences {
            bytesInFlight -= inFlight.removeValue(forKey: seq) ?? 0
        }
        if !isRecorded, let first = sequences.min() {
            isDraining = true
            firstUnsettled = min(first, firstUnsettled ?? first)
        }
        wakeup.notify()
    }

    /// Nothing is acknowledged and no broker answers: what is in flight waits in the client, and the circuit says so.
    private func noticeStall() {
        guard !inFlight.isEmpty, clock.now - lastAnswer > Self.stallAfter, let reason = publisher.unreachable else {
            return
        }
        publisher.stalled(reason: reason)
        state.setReachable(.broker, problem: reason)
    }

    // MARK: Lease

    /// Whether what was just read may go: the lease still holds, and nothing that comes before it has to be sent again.
    private func mayPublish() -> Bool {
        if !lease.isHeld(now: clock.now) { isDraining = true }
        return !isDraining
    }

    private func keepLease() async throws(StoreError) -> Bool {
        let now = clock.now
        if lease.isHeld(now: now) {
            guard lease.needsRenewal(now: now) else { return true }
            try await answerKnock()
            if try await store.renewLease(
                key: lease.key, owner: lease.owner, length: lease.length, position: position)
            {
                lease.granted(askedAt: now)
                try await noteOwnUpdate()
                return true
            }
            logger.warning("the lease of \(lease.key) was taken by another process")
            lease.lost()
        }
        isDraining = true
        guard lease.mayAsk(now: now) else { return false }
        switch try await store.acquireLease(
            key: lease.key, owner: lease.owner, length: lease.length, unchanged: lease.unchanged(now: now))
        {
        case .granted(let value):
            lease.granted(askedAt: now)
            let reached = value.flatMap { Int64($0) } ?? 0
            inherited = max(inherited, reached)
            if let firstUnsettled, firstUnsettled <= reached { self.firstUnsettled = nil }
            isYielding = false
            try await noteOwnUpdate()
            logger.info("publishing cursor taken", metadata: ["cursor": lease.key])
            return true
        case .held(let row):
            lease.heldByAnother(row, now: clock.now)
            try await knock(at: row)
            return false
        }
    }

    // MARK: Sharing

    /// Whether there is anything to share.
    private var isShared: Bool { configuration.count > 1 }

    private func noteOwnUpdate() async throws(StoreError) {
        guard isShared else { return }
        ownUpdate = try await store.cursors().first { ExactText($0.key) == ExactText(lease.key) }?.updatedAt
    }

    /// Asks the holder for the cursor, where it has more than its share and this process less. Not too often: a row that
    /// nobody but its dead owner wrote must look unchanged for a whole lease.
    private func knock(at row: CursorRow) async throws(StoreError) {
        guard isShared, !isStopping, clock.now >= knockAgainAt else { return }
        let share = CursorShare(owner: lease.owner, count: configuration.count, rows: try await store.cursors())
        guard share.mayKnock(at: row.key) else { return }
        knockAgainAt = clock.now + lease.length * 3 / 2
        _ = try await store.setCursor(key: row.key, value: row.value ?? "0", expected: row.value)
    }

    private func answerKnock() async throws(StoreError) {
        guard isShared, let ownUpdate else { return }
        let rows = try await store.cursors()
        guard let row = rows.first(where: { ExactText($0.key) == ExactText(lease.key) }), row.updatedAt != ownUpdate,
            CursorShare(owner: lease.owner, count: configuration.count, rows: rows).mayYield
        else { return }
        isYielding = true
        isDraining = true
    }

    private func yieldLease() async throws(StoreError) {
        try await store.releaseLease(key: lease.key, owner: lease.owner, position: position)
        lease.yielded(now: clock.now)
        isYielding = false
        logger.info("publishing cursor given to another process", metadata: ["cursor": lease.key])
    }
}

extension StoredRow {
    /// Whether it came from the input topic.
    var isConsumed: Bool {
        if case .success(let stored) = content { stored.source != nil } else { false }
    }

    /// Bytes of text that the row holds in memory, near enough for limits.
    var textSize: Int {
        guard case .success(let stored) = content else { return 0 }
        let operation = stored.operation
        let identity = operation.opId.utf8.count + operation.doid.utf8.count + operation.opActor.utf8.count
        return 512 + identity + (operation.extra?.utf8.count ?? 0) + (stored.headers?.utf8.count ?? 0)
    }
}
