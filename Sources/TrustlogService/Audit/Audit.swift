package import KafkaClient
package import Observability
package import OperationStore
package import TrustlogCore

/// Compares the table of operations with the trustlog topic, in both directions, while both may be in use.
///
/// Three passes: the statuses of the table, then the whole topic with the rows of what it carries, then the places of the rows
/// that the topic did not confirm. What is kept in memory is in ``AuditLedger``; the rest is a page at a time.
package struct Audit: Sendable {
    package enum Failure: Error, Sendable {
        case store(StoreError)
        case topic(KafkaError)
        /// No broker answered for as long as was to be waited.
        case topicNotReadToItsEnd(KafkaError?)
    }

    /// What it tells while it runs; called from one task.
    package protocol Observer: Sendable {
        /// - Parameter total: offsets of the topic; more than messages where transactions left gaps.
        func reads(topicOffsets total: Int)
        func read(envelopes count: Int)
        func found(_ finding: AuditFinding)
    }

    private let store: any OperationStore
    private let configuration: KafkaConfiguration
    private let topic: String
    private let verifier: EnvelopeVerifier
    private let limit: Duration
    private let logger: Logger

    private static let rowsAtOnce = 10_000
    private static let messagesAtOnce = 2_000
    private static let bytesAtOnce = 4 << 20

    /// - Parameters:
    ///   - keys: any of them may have signed.
    ///   - limit: how long to wait for brokers that do not answer.
    package init(
        store: any OperationStore, configuration: KafkaConfiguration, topic: String, keys: [PublicKey],
        limit: Duration, logger: Logger
    ) {
        self.store = store
        self.configuration = configuration
        self.topic = topic
        self.verifier = EnvelopeVerifier(keys: keys)
        self.limit = limit
        self.logger = logger
    }

    package func run(_ observer: some Observer) async throws(Failure) -> AuditReport {
        var ledger = AuditLedger()
        try await forEachPlacement { ledger.expect($0) }
        let ranges = try await readTopic(&ledger, observer)
        if ledger.hasUnconfirmed {
            try await forEachPlacement { row in
                if let finding = ledger.close(row, ranges) { observer.found(finding) }
            }
        }
        return ledger.report
    }

    // MARK: Table

    private func forEachPlacement(_ body: (RowPlacement) -> Void) async throws(Failure) {
        do throws(StoreError) {
            guard var rest = try await store.bounds() else { return }
            while true {
                let page = try await store.placements(in: rest, limit: Self.rowsAtOnce)
                for row in page { body(row) }
                guard let last = page.last?.seq, last < rest.upperBound else { return }
                rest = (last + 1)...rest.upperBound
            }
        } catch {
            throw .store(error)
        }
    }

    /// The rows of the operations that messages carry.
    private func rows(of messages: [AuditLedger.Message]) async throws(Failure) -> [ExactText: OperationDetail] {
        let opIds = messages.compactMap { message in
            if case .record(_, let opId) = message.content { opId } else { nil }
        }
        do {
            var rows: [ExactText: OperationDetail] = [:]
            for row in try await store.operations(opIds: opIds) {
                if let opId = row.row.opId { rows[ExactText(opId)] = row }
            }
            return rows
        } catch {
            throw .store(error)
        }
    }

    // MARK: Topic

    private func readTopic(
        _ ledger: inout AuditLedger, _ observer: some Observer
    ) async throws(Failure) -> [Int32: PartitionRange] {
        let reader: TopicReader
        do {
            reader = try TopicReader(configuration: configuration, logger: logger)
        } catch {
            throw .topic(error)
        }
        do throws(Failure) {
            let ranges = try await readTopic(by: reader, &ledger, observer)
            await reader.close()
            return ranges
        } catch {
            await reader.close()
            throw error
        }
    }

    private func readTopic(
        by reader: TopicReader, _ ledger: inout AuditLedger, _ observer: some Observer
    ) async throws(Failure) -> [Int32: PartitionRange] {
        let ranges: [PartitionRange]
        do {
            ranges = try await reader.open(topic, at: .beginning, stopsAtEnd: true, timeout: limit)
        } catch {
            throw .topic(error)
        }
        observer.reads(topicOffsets: ranges.reduce(0) { $0 + Int($1.high - $1.low) })
        var chunk = try await next(of: reader)
        while let messages = chunk {
            // Read on while this chunk is verified.
            async let following = outcome(of: reader)
            let verified = await verify(messages)
            let rows = try await rows(of: verified)
            for message in verified {
                if let finding = ledger.take(message, row: message.row(of: rows)) { observer.found(finding) }
            }
            observer.read(envelopes: ledger.report.envelopes)
            chunk = try await following.get()
        }
        return Dictionary(ranges.map { ($0.partition, $0) }) { $1 }
    }

    private func outcome(of reader: TopicReader) async -> Result<[TopicMessage]?, Failure> {
        do throws(Failure) {
            return .success(try await next(of: reader))
        } catch {
            return .failure(error)
        }
    }

    /// `nil` at the end; never empty.
    private func next(of reader: TopicReader) async throws(Failure) -> [TopicMessage]? {
        while await !reader.isComplete {
            let messages: [TopicMessage]
            do {
                messages = try await reader.read(
                    maxMessages: Self.messagesAtOnce, maxBytes: Self.bytesAtOnce, timeout: limit)
            } catch {
                throw .topic(error)
            }
            if !messages.isEmpty { return messages }
            guard await reader.isComplete else { throw .topicNotReadToItsEnd(reader.lastError) }
        }
        return nil
    }

    // MARK: Verifying

    /// On all cores, as a signature takes some 50 us; in the order of the messages.
    private func verify(_ messages: [TopicMessage]) async -> [AuditLedger.Message] {
        let size = max(1, (messages.count + ProcessorCount.online * 4 - 1) / (ProcessorCount.online * 4))
        let starts = Array(stride(from: 0, to: messages.count, by: size))
        return await withTaskGroup(of: (Int, [AuditLedger.Message]).self) { group in
            for (index, start) in starts.enumerated() {
                let part = messages[start..<min(start + size, messages.count)]
                group.addTask { (index, part.map(verify)) }
            }
            var parts = [[AuditLedger.Message]](repeating: [], count: starts.count)
            for await (index, part) in group { parts[index] = part }
            return parts.flatMap { $0 }
        }
    }

    private func verify(_ message: TopicMessage) -> AuditLedger.Message {
        var result = AuditLedger.Message(
            partition: message.partition, offset: message.offset,
            content: .invalid("the message has no value (a tombstone)"))
        guard let value = message.value else { return result }
        do {
            let record = try verifier.verify(value)
            result.content = .record(payload: record.payload, opId: record.operation.opId)
        } catch {
            result.content = .invalid(error.description)
        }
        return result
    }
}

extension AuditLedger.Message {
    fileprivate func row(of rows: [ExactText: OperationDetail]) -> OperationDetail? {
        guard case .record(_, let opId) = content else { return nil }
        return rows[ExactText(opId)]
    }
}
