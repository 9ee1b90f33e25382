import Testing
import TrustlogTestKit

@Suite("The documents")
struct DocumentsTests {
    private static let pages = [
        "README.md", "docs/architecture.md", "docs/guarantees.md", "docs/guide.md", "docs/deployment.md",
        "docs/operations.md", "docs/threat-model.md", "sql/README.md", "Benchmarks/README.md",
    ]

    @Test("every link within the project leads to a file", arguments: pages)
    func links(page: String) throws {
        let folder = page.split(separator: "/").dropLast().joined(separator: "/")
        for link in try text(page).matches(of: /\]\(([^)#:\s]+)(?:#[^)\s]*)?\)/).map(\.output.1) {
            let target = [Checkout.root, folder, String(link)].filter { !$0.isEmpty }.joined(separator: "/")
            #expect(FileTree.exists(target), "\(page): \(link)")
        }
    }

    @Test("every test that docs/guarantees.md names is there, under that title")
    func guarantees() throws {
        let named = try text("docs/guarantees.md").split(separator: "\n")
            .compactMap { $0.wholeMatch(of: /- `(Tests\/[^`]+)`: (.+)/)?.output }
        #expect(named.count >= 20)
        for (_, file, title) in named {
            let source = try text(String(file))
            let stands = source.contains("\"\(title)\"")
            #expect(stands, "\(file): \(title)")
        }
    }

    @Test("every guarantee of the contract has its section, with a way, a place and a test")
    func sections() throws {
        let sections = try text("docs/guarantees.md").split(separator: "\n## ").dropFirst()
        #expect(sections.map { $0.prefix { $0.isNumber } } == (1...10).map { Substring(String($0)) })
        for section in sections {
            for part in ["**How.**", "**Where.**", "**Tests.**\n- `Tests/"] {
                #expect(section.contains(part), "\(section.prefix(40)): \(part)")
            }
        }
    }

    private func text(_ path: String) throws -> String {
        try FileTree.text(Checkout.root + "/" + path)
    }
}
