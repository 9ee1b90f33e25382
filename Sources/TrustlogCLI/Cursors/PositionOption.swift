import CommandLineTool
import OperationStore
import TrustlogCore
import TrustlogService

/// How commands take a POSITION (contract, section 9).
enum PositionText {
    static let completion = CompletionKind.list(["beginning", "end", "time:", "op:", "cursor:"])

    static let explanation = """
        POSITION: beginning; end; time:RFC3339 (as a start the first row recorded then or later, as an end the last one \
        recorded then or earlier); op:OPID; cursor:KEY (the row at its sequence). Both ends are included.
        """

    /// - Parameter name: how the option or argument is called.
    static func parse(_ text: String, _ name: String) throws(ValidationError) -> Position {
        do {
            return try Position(text)
        } catch {
            throw ValidationError("\(name): \(error.message)")
        }
    }
}

extension PositionError {
    var message: String {
        switch self {
        case .malformed(let what): what
        case .noSuchOperation(let opId): "no operation has the opId '\(opId)'"
        case .noSuchCursor(let key): "there is no cursor '\(key)'"
        case .cursorHasNoPosition(let key): "the cursor '\(key)' holds no position in the table"
        case .nothingRecordedSince(let time): "nothing was recorded at \(time.rfc3339) or later"
        case .store(let error): error.description
        }
    }

    var commandError: CommandError {
        switch self {
        case .malformed: CommandError(.usage, message)
        case .noSuchOperation: CommandError(.failure, message)
        case .noSuchCursor: CommandError(.failure, message, hint: "'trustlog cursors list' shows which there are")
        case .cursorHasNoPosition: CommandError(.failure, message)
        case .nothingRecordedSince: CommandError(.failure, message, hint: "'end' is the last row that there is")
        case .store(let error): error.commandError
        }
    }
}
