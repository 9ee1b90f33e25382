package import Observability
import Synchronization

/// Keeps what is logged, for tests that look at it.
package final class CapturingLogHandler: LogHandler {
    package struct Entry: Sendable, Equatable {
        package let level: Logger.Level
        package let message: String
        package let metadata: Logger.Metadata
        package let label: String
    }

    private let kept = Mutex<[Entry]>([])

    package init() {}

    package var entries: [Entry] { kept.withLock { $0 } }

    /// A logger that ends here and leaves nothing out.
    package func logger(_ label: String = "test") -> Logger {
        Logger(label: label, level: .trace, handler: self)
    }

    package func log(level: Logger.Level, message: String, metadata: Logger.Metadata, label: String) {
        kept.withLock { $0.append(Entry(level: level, message: message, metadata: metadata, label: label)) }
    }

    /// Whether a message of at least that level contains the text.
    package func contains(_ text: String, atLeast level: Logger.Level = .trace) -> Bool {
        entries.contains { $0.level >= level && $0.message.contains(text) }
    }
}
