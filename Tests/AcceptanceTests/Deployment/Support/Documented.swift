import TrustlogTestKit

/// What the documents show: the tests run these very lines, so that a document that is wrong fails a test.
enum Documented {
    /// The code block behind the comment `<!-- MARKER -->`, without the indentation of a list.
    static func block(_ marker: String, in path: String = "docs/deployment.md") throws -> String {
        let lines = try FileTree.text("\(Checkout.root)/\(path)").split(
            separator: "\n", omittingEmptySubsequences: false)
        guard let found = lines.firstIndex(where: { trimmed($0) == "<!-- \(marker) -->" }),
            let start = lines[found...].firstIndex(where: { trimmed($0).hasPrefix("```") }),
            let end = lines[(start + 1)...].firstIndex(where: { trimmed($0) == "```" })
        else { throw CommandError("\(path) has no block \(marker)") }
        let indentation = lines[start].prefix { $0 == " " }.count
        return lines[(start + 1)..<end].map { $0.dropFirst(indentation) + "\n" }.joined()
    }

    private static func trimmed(_ line: Substring) -> Substring {
        line.drop { $0 == " " }
    }
}
