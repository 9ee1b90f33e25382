/// Rows under headings, columns aligned. What comes from outside cannot drive the terminal: cells are made printable.
package struct Table: Sendable {
    package enum Alignment: Sendable {
        case left, right
    }

    package struct Column: Sendable {
        package var title: String
        package var alignment: Alignment
        /// Cut, with `…`, where a line would be wider than the terminal.
        package var isShortened: Bool

        package init(_ title: String, alignment: Alignment = .left, isShortened: Bool = false) {
            self.title = title
            self.alignment = alignment
            self.isShortened = isShortened
        }
    }

    package var columns: [Column]
    package var rows: [[String]] = []

    package init(columns: [Column], rows: [[String]] = []) {
        self.columns = columns
        self.rows = rows
    }

    /// - Parameters:
    ///   - width: The widest a line may be; `nil`: as wide as it must, for files and pipes.
    ///   - showsTitles: Off for the pages of a listing that follow the first.
    package func render(width: Int? = nil, showsTitles: Bool = true) -> String {
        let cells = rows.map { row in columns.indices.map { $0 < row.count ? printable(row[$0]) : "" } }
        let lines = (showsTitles ? [columns.map(\.title)] : []) + cells
        let widths = columnWidths(lines, limit: width)
        return lines.map { line($0, widths) + "\n" }.joined()
    }

    private func columnWidths(_ lines: [[String]], limit: Int?) -> [Int] {
        var widths = columns.indices.map { index in
            max(displayWidth(columns[index].title), lines.map { displayWidth($0[index]) }.max() ?? 0)
        }
        guard let limit else { return widths }
        let total = widths.reduce(0, +) + gap.count * max(0, columns.count - 1)
        var excess = max(0, total - limit)
        for index in columns.indices.reversed() where columns[index].isShortened {
            let cut = min(excess, max(0, widths[index] - 10))
            widths[index] -= cut
            excess -= cut
        }
        return widths
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        let padded = columns.indices.map { index in
            let cell = columns[index].isShortened ? shortened(cells[index], to: widths[index]) : cells[index]
            let padding = String(repeating: " ", count: max(0, widths[index] - displayWidth(cell)))
            return columns[index].alignment == .right ? padding + cell : cell + padding
        }
        var line = padded.joined(separator: gap)
        while line.last == " " { line.removeLast() }
        return line
    }

    private func shortened(_ text: String, to width: Int) -> String {
        guard displayWidth(text) > width else { return text }
        var result = ""
        for character in text {
            guard displayWidth(result + String(character)) < width else { break }
            result.append(character)
        }
        return result + "…"
    }
}

private let gap = "  "
