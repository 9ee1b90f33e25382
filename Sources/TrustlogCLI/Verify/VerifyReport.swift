import CommandLineTool

/// Writes what `verify` finds as it is found, so that a long list of failures needs no memory.
struct VerifyReport {
    private let format: OutputFormat
    private let terminal: Terminal
    private(set) var valid = 0
    private(set) var invalid = 0

    init(_ format: OutputFormat, _ terminal: Terminal) {
        self.format = format
        self.terminal = terminal
    }

    mutating func add(verified count: Int, failures: [ParallelVerifier.Failure]) {
        valid += count - failures.count
        for failure in failures {
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

extension ParallelVerifier.Failure {
    fileprivate var json: JSONValue {
        .object(place.members + [.init("reason", .string(reason))])
    }
}
