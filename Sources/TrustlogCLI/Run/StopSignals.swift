import Dispatch
import Glibc

/// SIGTERM and SIGINT: the first asks for an orderly end, the second ends the process at once. So does, with exit code 0, the
/// end of the time that an orderly end may take: nothing that hangs holds the process.
///
/// A second one within half a second of the first is the same request: `timeout` and terminals signal the process and its
/// group, and the process then gets both.
final class StopSignals {
    private let sources: [any DispatchSourceSignal]

    /// - Parameters:
    ///   - limit: how long an orderly end may take; `nil` for as long as it needs.
    ///   - onLimit: what is said when it has passed.
    ///   - onFirst: called on a queue of its own.
    init(
        limit: Duration? = nil, onLimit: @escaping @Sendable () -> Void = {}, onFirst: @escaping @Sendable () -> Void
    ) {
        let queue = DispatchQueue(label: "trustlog.signals")
        let signals = ReceivedSignals()
        sources = [SIGTERM, SIGINT].map { number in
            // The default action would end the process before the source is told.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                switch signals.receive() {
                case .first:
                    onFirst()
                    guard let limit else { break }
                    let (seconds, attoseconds) = limit.components
                    queue.asyncAfter(deadline: .now() + Double(seconds) + Double(attoseconds) / 1e18) {
                        onLimit()
                        _exit(0)
                    }
                case .repeated: break
                case .second: _exit(128 + number)
                }
            }
            source.resume()
            return source
        }
    }

    func cancel() {
        for source in sources { source.cancel() }
    }
}

// @unchecked: only touched on the queue of the signals.
private final class ReceivedSignals: @unchecked Sendable {
    enum Meaning {
        case first, repeated, second
    }

    private var firstAt: ContinuousClock.Instant?

    func receive() -> Meaning {
        guard let firstAt else {
            firstAt = .now
            return .first
        }
        return .now - firstAt < .milliseconds(500) ? .repeated : .second
    }
}
