import Synchronization
import TrustlogTestKit

/// Operations that stream in from a producer that is not ours, until the test has seen enough.
final class OperationStream: Sendable {
    private let isStopped: Flag
    private let production: Task<Int, any Error>

    /// - Parameters:
    ///   - chunk: operations that kcat sends at once, ten times a second at most.
    ///   - limit: it ends by itself after so many, so that a test that hangs does not fill the disk.
    init(into sidecar: Sidecar, seed: UInt64, chunk: Int = 100, limit: Int = 100_000) {
        let isStopped = Flag()
        self.isStopped = isStopped
        production = Task {
            var generator = OperationGenerator(seed: seed, name: "stream")
            var produced = 0
            while !isStopped.isSet, produced < limit {
                try await sidecar.produce(generator.take(chunk))
                produced += chunk
                try await Task.sleep(for: .milliseconds(100))
            }
            return produced
        }
    }

    deinit {
        isStopped.set()
    }

    /// Ends it. - Returns: how many operations the broker has acknowledged.
    func stop() async throws -> Int {
        isStopped.set()
        return try await production.value
    }
}

private final class Flag: Sendable {
    private let value = Mutex(false)

    var isSet: Bool { value.withLock { $0 } }

    func set() { value.withLock { $0 = true } }
}
