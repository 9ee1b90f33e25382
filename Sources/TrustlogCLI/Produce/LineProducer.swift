import BlockingExecutor
import CommandLineTool
import KafkaClient
import TrustlogCore

/// Sends the lines of a file to a topic, as many at a time as the client's queue takes, on a thread of its own: reading
/// and waiting for room in the queue block.
actor LineProducer {
    /// Nothing was acknowledged for as long as the command waits.
    struct GaveUp: Error {
        var lastError: KafkaError?
    }

    private static let batchSize = 1_000
    /// Of a line that is sent as it is, so that a message over the limit of an operation can be made, too.
    private static let maximumRawLine = 16 << 20

    private let executor = BlockingExecutor(name: "produce")
    private let producer: KafkaProducer
    private let topic: ProducerTopic
    private let tally: ProduceTally
    private let limit: Duration
    private let isRaw: Bool
    private let name: String
    private var reader: LineReader
    private let headers = HeaderList()

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// The file stays the caller's.
    init(
        _ file: borrowing InputFile, to topic: ProducerTopic, of producer: KafkaProducer, tally: ProduceTally,
        limit: Duration, isRaw: Bool
    ) {
        self.producer = producer
        self.topic = topic
        self.tally = tally
        self.limit = limit
        self.isRaw = isRaw
        name = file.name
        reader = LineReader(
            descriptor: file.descriptor,
            maximumLength: isRaw ? Self.maximumRawLine : OperationDecoder.maximumValueSize)
    }

    /// Returns when every line was answered.
    ///
    /// - Throws: ``GaveUp``, or ``CommandError`` where the file cannot be read to its end.
    func run(onProgress: (Int) -> Void) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            do {
                while let (batch, lines) = try sendBatch() {
                    // As many of these wait as the client's queue holds batches.
                    group.addTask { [tally] in tally.add(await batch.results(), lines: lines) }
                    onProgress(tally.counts.delivered)
                }
                try await drain()
            } catch {
                producer.purge(inFlight: true)
                throw error
            }
        }
    }

    /// Sends the next lines; `nil` at the end of the file.
    private func sendBatch() throws -> (DeliveryBatch, [Int])? {
        let batch = producer.batch(count: Self.batchSize)
        var lines: [Int] = []
        defer { for index in lines.count..<batch.count { batch.fail(index) } }
        while lines.count < batch.count, let line = try nextLine() {
            guard !line.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }) else { continue }
            switch key(of: line) {
            case .success(let key):
                try send(line, key: key, batch, lines.count)
                lines.append(reader.lineNumber)
            case .failure(let rejection):
                tally.refuse(line: reader.lineNumber, "\(rejection)")
            }
        }
        return lines.isEmpty ? nil : (batch, lines)
    }

    private func nextLine() throws -> ArraySlice<UInt8>? {
        while true {
            do throws(LineReader.Failure) {
                return try reader.next()
            } catch {
                switch error {
                case .tooLong(let line): tally.refuse(line: line, "too-large: the line is longer than is sent")
                case .system(let code): throw InputFile.failure(name, code)
                }
            }
        }
    }

    /// The `doid`; a raw line without a readable one has none.
    private func key(of line: ArraySlice<UInt8>) -> Result<String?, Rejection> {
        switch OperationDecoder.decode(line.span, isCloudEvent: false) {
        case .success(let operation): .success(operation.doid)
        case .failure where isRaw: .success((try? JSONValue(json: line))?["doid"]?.stringValue)
        case .failure(let rejection): .failure(rejection)
        }
    }

    private func send(_ line: ArraySlice<UInt8>, key: String?, _ batch: DeliveryBatch, _ index: Int) throws {
        var key = key
        while let error = produce(line, &key, batch, index) {
            // Any other error is the line's own, and stands in its slot.
            guard error.code == KafkaError.queueFull else {
                if error.isFatal { throw error }
                return
            }
            guard producer.waitForSpace(timeout: limit) else { throw GaveUp(lastError: producer.lastError) }
        }
    }

    private func produce(
        _ line: ArraySlice<UInt8>, _ key: inout String?, _ batch: DeliveryBatch, _ index: Int
    ) -> KafkaError? {
        line.withUnsafeBytes { value in
            guard var text = key.take() else {
                return producer.produce(
                    topic: topic, key: nil, value: value, headers: headers, batch: batch, index: index)
            }
            defer { key = text }
            return text.withUTF8 { key in
                producer.produce(
                    topic: topic, key: UnsafeRawBufferPointer(key), value: value, headers: headers, batch: batch,
                    index: index)
            }
        }
    }

    /// Waits as long as answers come in.
    private func drain() async throws {
        while case let before = producer.outstanding, before > 0 {
            if await producer.flush(deadline: limit) { return }
            guard producer.outstanding < before else { throw GaveUp(lastError: producer.lastError) }
        }
    }
}
