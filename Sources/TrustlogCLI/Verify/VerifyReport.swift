import CommandLineTool
import TrustlogService

/// Writes what `verify` finds as it is found, so that a long list of failures needs no memory.
struct VerifyReport {
    private let format: OutputFormat
    private let terminal: Terminal
    private(set) var valid = 0
    private(set) var invalid = 0
    private var notRecords = 0
    private var firstNotRecord: ParallelVerifier.Remark?

    init(_ format: OutputFormat, _ terminal: Terminal) {
        self.format = format
        self.terminal = terminal
    }

    mutating func add(verified count: Int, _ findings: ParallelVerifier.Findings) {
        valid += count - findings.failures.count
        notRecords += findings.notRecords.count
        firstNotRecord = firstNotRecord ?? findings.notRecords.first
        for failure in findings.failures {
            switch format {
            case .text:
                let mark = terminal.styled("INVALID", .red, on: terminal.output)
                terminal.writeLine("\(failure.place.text): \(mark): \(printable(failure.reason))")
            case .json: terminal.write((invalid == 0 ? opening : ",") + failure.json.compactText)
            case .jsonl: terminal.writeLine(failure.json.compactText)
            }
            invalid += 1
        }
    }

    /// To standard error, as it makes nothing invalid: that valid envelopes hold what Trustlog would not have written.
    func noteOthers() {
        guard let first = firstNotRecord else { return }
        let others =
            notRecords == 1
            ? "1 valid envelope holds something else than a record of Trustlog's: "
            : "\(grouped(notRecords)) valid envelopes hold something else than a record of Trustlog's; the first: "
        terminal.reportLine("note", others + "\(first.place.text): \(first.reason.oneLine)")
    }

    /// One object in all (contract, section 11); with `jsonl` an object a failure, then the numbers.
    func finish() {
        switch format {
        case .text: terminal.writeLine("\(valid) valid, \(invalid) invalid")
        case .json: terminal.writeLine((invalid == 0 ? opening : "") + #"],"valid":\#(valid),"invalid":\#(invalid)}"#)
        case .jsonl: terminal.writeLine(#"{"valid":\#(valid),"invalid":\#(invalid)}"#)
        }
    }

    private var opening: String { #"{"failures":["# }
}

extension ParallelVerifier.Remark {
    fileprivate var json: JSONValue {
        .object(place.members + [.init("reason", .string(reason))])
    }
}
