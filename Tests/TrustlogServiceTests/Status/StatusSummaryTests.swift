import KafkaClient
import OperationStore
import Testing
import TrustlogCore

@testable import TrustlogService

@Suite("Status summary")
struct StatusSummaryTests {
    private let now = Timestamp(microseconds: 1_767_323_045_000_000)
    private let nowText = "2026-01-02T03:04:05.000000Z"

    private func report(
        _ strategy: ServiceConfiguration.Strategy = .databaseAndTrustlog, unlogged: Int = 0, deadLetters: Int = 0,
        oldestAgeSeconds: Int64 = 0
    ) -> StatusReport {
        var report = StatusReport(version: "1", strategy: strategy, isRunning: true, publishingCursorCount: 1)
        report.counts = OperationCounts(total: 1_234, others: [:])
        report.consumer = [.init(partition: partitionZero, lag: 0)]
        report.statistics = StoreStatistics(
            unlogged: unlogged,
            oldestUnlogged: unlogged > 0
                ? Timestamp(microseconds: now.microseconds - oldestAgeSeconds * 1_000_000) : nil,
            databaseTime: now, retriesPending: 0, retriesDue: 0, deadLetters: deadLetters, deadLetterReasons: [])
        report.cursors = [cursor(leaseUntil: Timestamp(microseconds: now.microseconds + 1))]
        return report
    }

    private func cursor(owner: String? = "me", leaseUntil: Timestamp?) -> CursorReport {
        CursorReport(
            row: CursorRow(key: "publish-0", value: "5", owner: owner, leaseUntil: leaseUntil, updatedAt: now),
            lagSeconds: 0)
    }

    @Test("healthy: everything is preserved up to now")
    func healthy() {
        #expect(
            report().summary(now: now)
                == "Everything is preserved up to \(nowText): 1234 operations, in the database; none waits to be published."
        )
        #expect(
            report(.databaseOnly).summary(now: now)
                == "Everything is preserved up to \(nowText): 1234 operations, in the database.")
        var uncounted = report()
        uncounted.counts = nil
        #expect(uncounted.summary(now: now) == "Everything is preserved up to \(nowText); none waits to be published.")
    }

    @Test("what was not measured is not told as nothing: how far the table stands")
    func unknownTopic() {
        let later = Timestamp(microseconds: now.microseconds + 5_000_000)
        var report = report()
        report.consumer = []
        #expect(
            report.summary(now: later) == """
                What the input topic holds is not known: no partition of it is assigned to this process yet. What is in \
                the database is preserved, up to \(nowText): 1234 operations, in the database; none waits to be published.
                """)
        report.unmeasuredPartitions = 2
        #expect(report.summary(now: later).hasPrefix("What the input topic holds is not known yet. What is in"))
        report.consumer = [.init(partition: partitionZero, lag: 1)]
        #expect(
            report.summary(now: later)
                == "At least 1 operation waits in the input topic; everything consumed is preserved.")
        report.consumer = []
        report.unmeasuredPartitions = 0
        report.isRunning = false
        #expect(report.summary(now: later).hasPrefix("What the input topic holds is not known. What is in"))
    }

    @Test("a library's message is put on one line, and ends as one sentence does")
    func readable() {
        var report = report()
        report.databaseProblem = "refused\n\tIs the server running?"
        #expect(
            report.summary(now: now).hasPrefix(
                "The database cannot be reached: refused Is the server running? Nothing is lost;"))
        report.databaseProblem = "it is away.\n"
        #expect(report.summary(now: now).hasPrefix("The database cannot be reached: it is away. Nothing is lost;"))
    }

    @Test("under db-only, rows that wait to be published need another strategy")
    func waitingUnderDatabaseOnly() {
        #expect(
            report(.databaseOnly, unlogged: 1).summary(now: now) == """
                Everything is in the database, up to \(nowText); 1 operation waits to be published, which db-only does \
                not do: set strategy to db-and-trustlog.
                """)
    }

    @Test("the database away: nothing is lost, and how to check it")
    func databaseAway() {
        var report = report(deadLetters: 3)
        report.databaseProblem = "connection refused"
        report.brokerProblem = "no broker answers"
        #expect(
            report.summary(now: now) == """
                The database cannot be reached: connection refused. Nothing is lost; work goes on when it answers. \
                Check it with: trustlog config check --connect
                """)
    }

    @Test("the broker away: nothing is lost, and how to check it")
    func brokerAway() {
        var report = report()
        report.brokerProblem = "no broker answers"
        #expect(
            report.summary(now: now) == """
                Kafka cannot be reached: no broker answers. Nothing is lost; work goes on when it answers. \
                Check it with: trustlog config check --connect
                """)
    }

    @Test("a loop that hangs: restart")
    func hung() {
        var report = report()
        report.hungLoops = ["ingest", "cursor-worker"]
        #expect(
            report.summary(now: now) == "The ingest loop hangs: restart the process (nothing is lost by that).")
    }

    @Test("an open circuit: why publishing waits")
    func circuit() {
        var report = report(unlogged: 5)
        report.circuit = .open
        report.circuitReason = "topic trustlog: unknown"
        #expect(
            report.summary(now: now) == """
                Publishing waits: topic trustlog: unknown. Nothing is lost; it goes on by itself. \
                Check it with: trustlog config check --connect
                """)
    }

    @Test("a dead-letter topic that is missing: which partition waits, and for what")
    func deadLetterTopic() {
        var report = report()
        report.waiting = [.init(partition: partitionZero, reason: "dead-letter topic x: unknown topic")]
        #expect(
            report.summary(now: now) == """
                operations[0] waits: dead-letter topic x: unknown topic. Nothing is lost; it goes on by itself when \
                that is mended.
                """)
    }

    @Test("a topic that is missing is named without a partition")
    func topic() {
        var report = report()
        report.waiting = [
            .init(partition: TopicPartition(topic: "operations", partition: -1), reason: "cannot be consumed: unknown")
        ]
        #expect(
            report.summary(now: now) == """
                operations waits: cannot be consumed: unknown. Nothing is lost; it goes on by itself when that is mended.
                """)
    }

    @Test("dead letters: how many, and the command that lists them")
    func deadLetters() {
        #expect(
            report(deadLetters: 2).summary(now: now)
                == "2 operations could not be published and need a decision: trustlog retries list --dead")
    }

    @Test("rows that wait behind a cursor without a valid owner: start a process")
    func unowned() {
        for cursors in [
            [], [cursor(owner: nil, leaseUntil: nil)],
            [cursor(leaseUntil: Timestamp(microseconds: now.microseconds - 1))],
        ] {
            var report = report(unlogged: 4)
            report.cursors = cursors
            #expect(
                report.summary(now: now)
                    == "No process works the cursor publish-0, and 4 operations wait: start `trustlog run`.")
        }
    }

    @Test("rows that wait behind an owned cursor: how many, and for how long")
    func behind() {
        #expect(
            report(unlogged: 4, oldestAgeSeconds: 75).summary(now: now) == """
                4 operations are in the database and not published yet, the oldest for 75 s; everything older is \
                preserved.
                """)
    }

    @Test("a growing lag: how many operations wait in the topic")
    func lag() {
        var report = report()
        report.consumer = [.init(partition: partitionZero, lag: 40), .init(partition: partitionZero, lag: 2)]
        #expect(
            report.summary(now: now)
                == "42 operations wait in the input topic; everything consumed is preserved.")
    }

    @Test("one is not told as many")
    func singular() {
        #expect(
            report(deadLetters: 1).summary(now: now)
                == "1 operation could not be published and needs a decision: trustlog retries list --dead")
        #expect(
            report(unlogged: 1, oldestAgeSeconds: 2).summary(now: now) == """
                1 operation is in the database and not published yet, the oldest for 2 s; everything older is preserved.
                """)
        var report = report()
        report.consumer = [.init(partition: partitionZero, lag: 1)]
        #expect(report.summary(now: now) == "1 operation waits in the input topic; everything consumed is preserved.")
    }

    @Test("trustlog-only asks no database")
    func trustlogOnly() {
        var report = StatusReport(version: "1", strategy: .trustlogOnly, isRunning: true, publishingCursorCount: 0)
        #expect(
            report.summary(now: now) == """
                What the input topic holds is not known: no partition of it is assigned to this process yet.
                """)
        report.consumer = [.init(partition: partitionZero, lag: 0)]
        #expect(report.summary(now: now) == "Everything consumed is published, up to \(nowText).")
        report.consumer = [.init(partition: partitionZero, lag: 3)]
        #expect(report.summary(now: now) == "3 operations wait in the input topic.")
    }

    @Test("before the first reading it says so")
    func unread() {
        let report = StatusReport(version: "1", strategy: .databaseOnly, isRunning: true, publishingCursorCount: 0)
        #expect(report.summary(now: now) == "The database was not asked yet.")
        #expect(report.oldestUnloggedSeconds == 0)
    }
}
