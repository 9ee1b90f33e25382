import Dispatch
import Glibc

/// SIGTERM and SIGINT: the first asks for an orderly end, the second ends the process at once.
final class StopSignals {
    private let sources: [any DispatchSourceSignal]

    /// - Parameter onFirst: called on a queue of its own.
    init(onFirst: @escaping @Sendable () -> Void) {
        let queue = DispatchQueue(label: "trustlog.signals")
        let count = SignalCount()
        sources = [SIGTERM, SIGINT].map { number in
            // The default action would end the process before the source is told.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                if count.next() == 1 { onFirst() } else { _exit(128 + number) }
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
private final class SignalCount: @unchecked Sendable {
    private var count = 0

    func next() -> Int {
        count += 1
        return count
    }
}
