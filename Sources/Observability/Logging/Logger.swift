/// Writes log messages, in swift-log's vocabulary: a label, a level, metadata that goes with every message, a handler that
/// decides where they end.
///
/// A value type: a copy with more metadata leaves the original as it was.
package struct Logger: Sendable {
    /// The levels of swift-log, the least severe first.
    package enum Level: String, Sendable, CaseIterable, Comparable {
        case trace, debug, info, notice, warning, error, critical

        package static func < (left: Level, right: Level) -> Bool {
            left.severity < right.severity
        }

        private var severity: Int { Level.allCases.firstIndex(of: self) ?? 0 }
    }

    package typealias Metadata = [String: String]

    package let label: String
    /// Messages below it are not even built.
    package var logLevel: Level
    package var metadata: Metadata = [:]
    private let handler: any LogHandler

    package init(label: String, level: Level = .info, handler: any LogHandler) {
        self.label = label
        self.logLevel = level
        self.handler = handler
    }

    /// The same logger for another part of the program.
    package func labelled(_ label: String) -> Logger {
        var logger = Logger(label: label, level: logLevel, handler: handler)
        logger.metadata = metadata
        return logger
    }

    package subscript(metadataKey key: String) -> String? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(
        level: Level, _ message: @autoclosure () -> String, metadata: @autoclosure () -> Metadata = [:]
    ) {
        guard level >= logLevel else { return }
        let merged = self.metadata.merging(metadata()) { _, new in new }
        handler.log(level: level, message: message(), metadata: merged, label: label)
    }

    package func trace(_ message: @autoclosure () -> String, metadata: @autoclosure () -> Metadata = [:]) {
        log(level: .trace, message(), metadata: metadata())
    }

    package func debug(_ message: @autoclosure () -> String, metadata: @autoclosure () -> Metadata = [:]) {
        log(level: .debug, message(), metadata: metadata())
    }

    package func info(_ message: @autoclosure () -> String, metadata: @autoclosure () -> Metadata = [:]) {
        log(level: .info, message(), metadata: metadata())
    }

    package func notice(_ message: @autoclosure () -> String, metadata: @autoclosure () -> Metadata = [:]) {
        log(level: .notice, message(), metadata: metadata())
    }

    package func warning(_ message: @autoclosure () -> String, metadata: @autoclosure () -> Metadata = [:]) {
        log(level: .warning, message(), metadata: metadata())
    }

    package func error(_ message: @autoclosure () -> String, metadata: @autoclosure () -> Metadata = [:]) {
        log(level: .error, message(), metadata: metadata())
    }

    package func critical(_ message: @autoclosure () -> String, metadata: @autoclosure () -> Metadata = [:]) {
        log(level: .critical, message(), metadata: metadata())
    }
}
