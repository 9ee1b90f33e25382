import BlockingExecutor

/// The thread that serves a producer's events, from its creation to its end.
actor DeliveryPoller {
    private let executor = BlockingExecutor(name: "kafka-producer")

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Returns when the producer has ended.
    func serve(_ core: ProducerCore) {
        core.serve()
    }

    /// Runs after ``serve(_:)`` only, as both need the thread.
    func finish() {}
}

/// The thread on which a producer's blocking calls run; delivery reports are served on another meanwhile, as librdkafka
/// demands for transactions.
actor TransactionThread {
    private let executor = BlockingExecutor(name: "kafka-txn")

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    func run<E: Error>(_ body: @Sendable () throws(E) -> Void) throws(E) {
        try body()
    }
}
