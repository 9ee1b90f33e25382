import CommandLineTool

/// One envelope to verify, and where it stands.
struct Evidence: Sendable {
    enum Place: Sendable, Equatable {
        /// `file`: `nil` for standard input. Lines count from 1.
        case line(Int, file: String?)
        case message(partition: Int32, offset: Int64)
    }

    enum Content: Sendable {
        case envelope([UInt8])
        /// Nothing that could be one; why.
        case unfit(String)
    }

    var place: Place
    var content: Content
}

/// Where evidence comes from, a bounded number of envelopes at a time.
protocol EvidenceSource: Sendable {
    /// `nil` at the end; never empty.
    func next() async throws -> [Evidence]?
}

extension Evidence.Place {
    /// As people read it.
    var text: String {
        switch self {
        case .line(let line, nil): "line \(line)"
        case .line(let line, let file?): "\(printable(file)):\(line)"
        case .message(let partition, let offset): "partition \(partition), offset \(offset)"
        }
    }

    /// The members that name it in JSON (contract, section 11).
    var members: [JSONValue.Member] {
        switch self {
        case .line(let line, let file):
            (file.map { [.init("file", .string($0))] } ?? []) + [.init("line", .integer(line))]
        case .message(let partition, let offset):
            [.init("partition", .integer(Int(partition))), .init("offset", .integer(Int(offset)))]
        }
    }
}
