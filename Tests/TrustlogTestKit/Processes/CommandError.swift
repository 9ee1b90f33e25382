import Glibc

/// Why a process of the test kit could not be started, or what came of it.
package struct CommandError: Error, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }

    /// - Parameter code: an `errno`.
    init(call: String, errno code: Int32) {
        self.init("\(call) failed: \(String(cString: strerror(code)))")
    }
}
