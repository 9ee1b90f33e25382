/// Where log messages end. Called from any thread; an implementation neither blocks for long nor throws.
package protocol LogHandler: Sendable {
    func log(level: Logger.Level, message: String, metadata: Logger.Metadata, label: String)
}
