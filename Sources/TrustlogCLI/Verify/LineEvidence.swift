import BlockingExecutor
import CommandLineTool

/// The lines of files, one after another; blank ones are passed over. Reading blocks, hence a thread of its own.
actor LineEvidence: EvidenceSource {
    private static let chunkLines = 2_000
    private static let chunkBytes = 4 << 20
    /// A little over the largest envelope that is verified, so that the verifier tells what is wrong with one over it.
    private static let maximumLine = 1_100_000

    private let executor = BlockingExecutor(name: "verify-lines")
    private var remaining: ArraySlice<String>
    private var current: OpenFile?

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private struct OpenFile: ~Copyable {
        let path: String
        let file: InputFile
        var reader: LineReader
    }

    /// - Parameter paths: `-` is standard input; none is standard input, too.
    init(paths: [String]) {
        remaining = (paths.isEmpty ? ["-"] : paths)[...]
    }

    func next() throws -> [Evidence]? {
        var evidence: [Evidence] = []
        var bytes = 0
        while evidence.count < Self.chunkLines, bytes < Self.chunkBytes {
            guard current != nil else {
                guard let path = remaining.popFirst() else { break }
                let file = try InputFile(path)
                let reader = LineReader(descriptor: file.descriptor, maximumLength: Self.maximumLine)
                current = OpenFile(path: path, file: file, reader: reader)
                continue
            }
            guard let item = try nextLine() else {
                current = nil
                continue
            }
            if case .envelope(let envelope) = item.content { bytes += envelope.count }
            evidence.append(item)
        }
        return evidence.isEmpty ? nil : evidence
    }

    private func nextLine() throws -> Evidence? {
        let file = current?.path == "-" ? nil : current?.path
        while true {
            do throws(LineReader.Failure) {
                guard let line = try current?.reader.next() else { return nil }
                guard line.contains(where: { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }) else { continue }
                return Evidence(place: .line(lineNumber, file: file), content: .envelope(Array(line)))
            } catch {
                switch error {
                case .tooLong(let line):
                    return Evidence(
                        place: .line(line, file: file),
                        content: .unfit("the line has more than \(Self.maximumLine) bytes"))
                case .system(let code):
                    throw InputFile.failure(file ?? "standard input", code)
                }
            }
        }
    }

    private var lineNumber: Int { current?.reader.lineNumber ?? 0 }
}
