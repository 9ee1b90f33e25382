import CommandLineTool

/// Produces and consumes with kcat, so that what the tests see does not pass through Trustlog's own client.
package struct Kcat: Sendable {
    package let bootstrap: String

    package init(_ broker: KafkaBroker) {
        bootstrap = broker.bootstrap
    }

    package init(bootstrap: String) {
        self.bootstrap = bootstrap
    }

    /// Produces one message.
    /// - Parameters:
    ///   - value: nil is a tombstone.
    ///   - partition: by the key if nil, as Java clients choose it.
    package func produce(
        _ topic: String, key: String? = nil, value: [UInt8]?, headers: [(String, String)] = [],
        partition: Int? = nil
    ) async throws {
        var arguments = producer(topic, headers: headers, partition: partition)
        let folder = try TemporaryFolder("tlc")
        guard let value, !value.isEmpty else {
            // kcat sends nothing for an empty file, but an empty value for a line that ends after the key.
            guard let key else { throw CommandError("kcat cannot send an empty value without a key") }
            if value == nil { arguments.append("-Z") }
            try await Command.check(arguments + ["-K", "\t"], input: Array("\(key)\t\n".utf8))
            return
        }
        if let key { arguments += ["-k", key] }
        try FileTree.write(value, to: folder["value"])
        try await Command.check(arguments + [folder["value"]])
    }

    /// Produces a message a line: key, tab, value.
    package func produce(_ topic: String, lines: [String], headers: [(String, String)] = []) async throws {
        let folder = try TemporaryFolder("tlc")
        try FileTree.write(lines.map { $0 + "\n" }.joined(), to: folder["lines"])
        try await produce(topic, linesFile: folder["lines"], headers: headers)
    }

    /// Produces a message a line of a file: key, tab, value.
    package func produce(_ topic: String, linesFile: String, headers: [(String, String)] = []) async throws {
        try await Command.check(
            producer(topic, headers: headers, partition: nil) + ["-K", "\t"], inputFile: linesFile,
            timeout: .seconds(300))
    }

    /// Everything that is in a topic now, by partition and offset.
    /// - Parameter headers: read them too (a second pass).
    package func consume(_ topic: String, headers: Bool = false) async throws -> [KafkaMessage] {
        var messages = try KafkaMessage.parse(try await read(topic, format: #"%p %o %T %K %S\n%k%s\n"#).output)
        if headers {
            let lines = try await read(topic, format: nil).lines
            let parsed = try lines.map(MessageHeaders.init)
            let byPosition = Dictionary(parsed.map { ($0.position, $0.headers) }) { first, _ in first }
            for index in messages.indices { messages[index].headers = byPosition[messages[index].position] ?? [] }
        }
        return messages.sorted { $0.position < $1.position }
    }

    /// What kcat prints of everything that is in a topic now.
    /// - Parameters:
    ///   - format: kcat's own for each message; nil: a JSON object a line.
    ///   - options: properties of its consumer.
    package func read(
        _ topic: String, format: String?, options: [String: String] = [:]
    ) async throws -> CommandResult {
        // It ends with an empty answer for each partition. Where messages keep coming in, one that waits for them never is.
        let properties = options.merging(["fetch.wait.max.ms": "5"]) { own, _ in own }
        let consumer = ["kcat", "-C", "-b", bootstrap, "-t", topic, "-o", "beginning", "-e", "-q"]
        let settings = properties.flatMap { ["-X", "\($0)=\($1)"] }
        return try await Command.check(
            consumer + settings + (format.map { ["-f", $0] } ?? ["-J"]), timeout: .seconds(300))
    }

    /// How many messages lie between the ends of a topic's partitions (transaction markers count as well).
    package func count(_ topic: String, partitions: Int) async throws -> Int {
        let first = try await offsets(topic, partitions: partitions, at: .beginning)
        let next = try await offsets(topic, partitions: partitions, at: .end)
        return next.reduce(0, +) - first.reduce(0, +)
    }

    package enum LogEnd: Int, Sendable {
        /// The first offset that is there.
        case beginning = -2
        /// The next one to be written.
        case end = -1
    }

    /// The offsets at one end of the partitions 0 ..< `partitions`.
    package func offsets(_ topic: String, partitions: Int, at end: LogEnd) async throws -> [Int] {
        let queries = (0..<partitions).flatMap { ["-t", "\(topic):\($0):\(end.rawValue)"] }
        // A topic that was just made has no leader for a moment.
        _ = try await poll(within: .seconds(60)) {
            try await Command.run(["kcat", "-b", bootstrap, "-Q"] + queries).status == .exited(0)
        }
        let lines = try await Command.check(["kcat", "-b", bootstrap, "-Q"] + queries).lines
        // Lines of `topic [0] offset 12`.
        let offsets = lines.compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }
        guard offsets.count == partitions else {
            throw CommandError("no offsets of \(topic): \(lines.joined(separator: "; "))")
        }
        return offsets
    }

    private func producer(_ topic: String, headers: [(String, String)], partition: Int?) -> [String] {
        var arguments = [
            "kcat", "-P", "-b", bootstrap, "-t", topic, "-X", "partitioner=murmur2_random", "-X",
            "message.max.bytes=16777216", "-X", "allow.auto.create.topics=false", "-X",
            "topic.message.timeout.ms=30000", "-X",
            "topic.metadata.propagation.max.ms=10000",
        ]
        if let partition { arguments += ["-p", "\(partition)"] }
        for (name, value) in headers { arguments += ["-H", "\(name)=\(value)"] }
        return arguments
    }
}
