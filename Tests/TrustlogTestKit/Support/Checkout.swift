/// Where this checkout lies, and what lies beside it.
package enum Checkout {
    /// The package's root.
    package static let root: String = {
        let file = #filePath.split(separator: "/").dropLast(4)
        return "/" + file.joined(separator: "/")
    }()

    /// A tool of the folder `shared` beside the checkout (or beside a folder above it, as for work trees).
    static func shared(_ path: String) -> String? {
        var folder = root.split(separator: "/").dropLast()
        while true {
            let candidate = "/" + (folder.map(String.init) + ["shared", path]).joined(separator: "/")
            if FileTree.exists(candidate) { return candidate }
            if folder.isEmpty { return nil }
            folder = folder.dropLast()
        }
    }
}
