/// Lines of at most `width` columns, broken at spaces; a word that is longer stands alone.
package func wrap(_ text: String, width: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
        if line.isEmpty {
            line = String(word)
        } else if displayWidth(line) + 1 + displayWidth(String(word)) <= width {
            line += " " + word
        } else {
            lines.append(line)
            line = String(word)
        }
    }
    if !line.isEmpty { lines.append(line) }
    return lines
}

/// Paragraphs are separated by empty lines.
func splitParagraphs(_ text: String) -> [String] {
    var paragraphs: [[Substring]] = [[]]
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
        if line.isEmpty {
            paragraphs.append([])
        } else {
            paragraphs[paragraphs.count - 1].append(line)
        }
    }
    return paragraphs.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }
}
