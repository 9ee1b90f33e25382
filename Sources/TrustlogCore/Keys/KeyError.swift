private import COpenSSL

/// Why a key cannot be used: what failed and what to do. It never holds any part of a private key.
package struct KeyError: Error, Sendable, Equatable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) {
        self.description = description
    }

    /// The last of OpenSSL's errors on this thread as a reason in parentheses; empties its queue.
    static func openSSL(_ what: String) -> KeyError {
        let code = ERR_peek_last_error()
        ERR_clear_error()
        guard code != 0, let reason = ERR_reason_error_string(code) else { return KeyError(what) }
        return KeyError("\(what) (\(String(cString: reason)))")
    }
}
