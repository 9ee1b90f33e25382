import CommandLineTool
import OperationStore
import Synchronization
import TrustlogCore
import TrustlogService

/// Tells what a replay does: sentences and a progress bar on a terminal, JSON lines away from one (contract, section 11).
final class ReplayReporter: Replay.Observer {
    private struct State {
        var plan: ReplayPlan?
        var bar: ProgressBar?
        var rate = ProgressRate()
        var beganAt = Duration.zero
        var toldAt = Duration.zero
        var failures: [Replay.Failure] = []
    }

    private let request: ReplayRequest
    private let terminal: Terminal
    private let start = ContinuousClock.now
    private let state = Mutex(State())

    private static let interval = Duration.seconds(1)
    /// Failures that the closing error names; each was told when it happened.
    private static let namedFailures = 10

    init(_ request: ReplayRequest, _ terminal: Terminal) {
        self.request = request
        self.terminal = terminal
    }

    private var isText: Bool { terminal.output.isTerminal }

    private var elapsed: Duration { .now - start }

    // MARK: Replay.Observer

    func waits(for holder: CursorRow) {
        terminal.reportLine(
            "notice",
            """
            another process (\(holder.owner ?? "unknown")) holds the cursor '\(request.key)'; waiting whether it still lives, \
            until \(holder.leaseUntil?.rfc3339 ?? "its lease ends")
            """)
    }

    func begins(_ plan: ReplayPlan) {
        let now = elapsed
        state.withLock { state in
            state.plan = plan
            state.rate = ProgressRate(now: now)
            state.beganAt = now
            state.toldAt = now
        }
        guard isText else { return tell(planEvent(plan)) }
        terminal.writeLine(sentence(plan))
        if plan.records > 0 {
            state.withLock { $0.bar = ProgressBar("published", total: plan.records, terminal: terminal) }
        }
    }

    func progressed(published: Int) {
        let now = elapsed
        let event = state.withLock { state -> JSONValue? in
            state.bar?.update(completed: published)
            guard now - state.toldAt >= Self.interval else { return nil }
            state.toldAt = now
            state.rate.update(published, now: now)
            let left = max(0, (state.plan?.records ?? 0) - published)
            return progressEvent(
                published, rate: state.rate.perSecond, secondsLeft: state.rate.secondsLeft(for: left))
        }
        if let event, !isText { tell(event) }
    }

    func failed(_ failure: Replay.Failure) {
        state.withLock { state in
            if state.failures.count < Self.namedFailures { state.failures.append(failure) }
        }
        guard isText else {
            return tell([
                "event": "failed", "sequence": .integer(Int(failure.seq)), "opId": .optional(failure.opId),
                "reason": .string(failure.reason),
            ])
        }
        if terminal.error.isTerminal { terminal.error.write("\r\u{1B}[K") }
        terminal.reportLine("error", failure.text)
    }

    // MARK: The end

    /// Leaves the line of the progress bar.
    func leaveBar() {
        state.withLock { $0.bar?.finish() }
    }

    func conclude(_ result: Replay.Result) throws(CommandError) -> ExitCode {
        state.withLock { $0.bar?.update(completed: result.published) }
        leaveBar()
        let failures = state.withLock { $0.failures }
        guard result.isFinished else {
            if !isText {
                tell([
                    "event": "stopped", "published": .integer(result.published),
                    "sequence": .integer(Int(result.position)), "failed": .integer(result.failed),
                ])
            }
            throw CommandError(
                .failure,
                "stopped behind seq \(result.position), with \(counted(result.published, "record")) published",
                hint: "the same command goes on there; its position is kept under the cursor '\(request.key)'")
        }
        if isText {
            terminal.writeLine("published \(counted(result.published, "record")) to \(request.topic)")
        } else {
            tell(lastProgress(result.published))
            tell(["event": "done", "published": .integer(result.published), "failed": .integer(result.failed)])
        }
        guard result.failed > 0 else { return .success }
        let more = result.failed > failures.count ? ["and \(grouped(result.failed - failures.count)) more"] : []
        throw CommandError(
            .failure,
            (["\(counted(result.failed, "record")) could not be published:"] + failures.map(\.text) + more)
                .joined(separator: "\n"),
            hint: "mend what their reasons name, and replay them: --from op:OPID --to op:OPID")
    }

    // MARK: Words

    private func sentence(_ plan: ReplayPlan) -> String {
        guard let cursor = plan.cursor, let rest = cursor.rest else {
            return "nothing to publish: no row lies from \(request.from.text) to \(request.to.text)"
        }
        let begin = plan.isResumed ? "goes on behind seq \(cursor.sequence): " : ""
        return """
            \(begin)\(counted(plan.records, "record")) from seq \(rest.lowerBound)\(time(plan.times.first)) to seq \
            \(rest.upperBound)\(time(plan.times.last)) to the topic \(request.topic); position under the cursor \
            '\(printable(request.key))'
            """
    }

    private func time(_ time: Timestamp?) -> String { time.map { " (recorded \($0.secondsText))" } ?? "" }

    private func planEvent(_ plan: ReplayPlan) -> JSONValue {
        let rest = plan.cursor?.rest
        return [
            "event": "plan", "records": .integer(plan.records), "from": .optional(rest.map { Int($0.lowerBound) }),
            "to": .optional(rest.map { Int($0.upperBound) }), "topic": .string(request.topic),
            "cursor": .string(request.key), "fromTime": .optional(plan.times.first?.rfc3339),
            "toTime": .optional(plan.times.last?.rfc3339), "resumed": .bool(plan.isResumed),
        ]
    }

    /// Also of a replay that was over before the first interval was: its rate is the mean.
    private func lastProgress(_ published: Int) -> JSONValue {
        let seconds = (elapsed - state.withLock { $0.beganAt }) / .seconds(1)
        return progressEvent(published, rate: seconds > 0 ? Double(published) / seconds : nil, secondsLeft: 0)
    }

    private func progressEvent(_ published: Int, rate: Double?, secondsLeft: Int?) -> JSONValue {
        [
            "event": "progress", "published": .integer(published),
            "rate": .optional(rate.flatMap { Int(exactly: $0.rounded()) }), "etaSeconds": .optional(secondsLeft),
        ]
    }

    private func tell(_ event: JSONValue) { terminal.writeLine(event.compactText) }
}

extension Replay.Failure {
    fileprivate var text: String { "seq \(seq) (opId \(printable(opId ?? "unknown"))): \(printable(reason))" }
}

/// Records a second, smoothed, so that the time left does not jump.
struct ProgressRate {
    private(set) var perSecond: Double?
    /// Nothing came during the last interval: nobody knows when it will be done.
    private var isStalled = false
    private var count = 0
    private var at: Duration

    init(now: Duration = .zero) {
        at = now
    }

    mutating func update(_ completed: Int, now: Duration) {
        let elapsed = (now - at) / .seconds(1)
        guard elapsed > 0 else { return }
        let current = Double(completed - count) / elapsed
        isStalled = completed == count
        perSecond = perSecond.map { 0.7 * $0 + 0.3 * current } ?? current
        (count, at) = (completed, now)
    }

    func secondsLeft(for rest: Int) -> Int? {
        guard let perSecond, perSecond > 0, !isStalled else { return nil }
        return Int(exactly: (Double(rest) / perSecond).rounded(.up))
    }
}
