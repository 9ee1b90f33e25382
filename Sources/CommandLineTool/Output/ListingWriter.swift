/// Writes a listing page by page, so that a long one needs no more memory than a short one.
package struct ListingWriter {
    /// One entry: the object that programs read, the cells that people read.
    package struct Row: Sendable {
        package var json: JSONValue
        package var cells: [String]

        package init(json: JSONValue, cells: [String]) {
            self.json = json
            self.cells = cells
        }
    }

    private let terminal: Terminal
    private let format: OutputFormat
    private let columns: [Table.Column]
    private var count = 0

    package init(_ format: OutputFormat, columns: [Table.Column], terminal: Terminal) {
        self.terminal = terminal
        self.format = format
        self.columns = columns
    }

    package mutating func append(_ page: [Row]) {
        guard !page.isEmpty else { return }
        switch format {
        case .text:
            let width = terminal.output.isTerminal ? terminal.output.width : nil
            let table = Table(columns: columns, rows: page.map(\.cells))
            terminal.write(table.render(width: width, showsTitles: count == 0))
        case .json:
            let elements = page.map {
                $0.json.prettyText.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n")
            }
            terminal.write((count == 0 ? "[\n" : ",\n") + elements.joined(separator: ",\n"))
        case .jsonl:
            terminal.write(page.map { $0.json.compactText + "\n" }.joined())
        }
        count += page.count
    }

    /// Ends the listing; an empty one is `[]`, nothing, or for people the sentence given.
    package func finish(emptyText: String) {
        switch format {
        case .text: if count == 0 { terminal.writeLine(emptyText) }
        case .json: terminal.write(count == 0 ? "[]\n" : "\n]\n")
        case .jsonl: break
        }
    }
}
