import Glibc

/// What is true of the whole program.
package enum Program {
    package static let name = "trustlog"
    package static let version = "0.1.0"

    /// The environment of the process. Entries that are not UTF-8 are repaired; of equal names the first counts, as for
    /// `getenv`.
    package static func environment() -> [String: String] {
        var variables: [String: String] = [:]
        var next = environ
        while let entry = next.pointee {
            next = next.advanced(by: 1)
            let text = String(cString: entry)
            guard let equals = text.firstIndex(of: "=") else { continue }
            let name = String(text[..<equals])
            if variables[name] == nil { variables[name] = String(text[text.index(after: equals)...]) }
        }
        return variables
    }
}
