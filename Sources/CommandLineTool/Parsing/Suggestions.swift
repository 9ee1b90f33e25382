/// The known word that a mistyped one probably stands for, or `nil` if none is near: at most a third of its letters apart.
package func closest(to word: String, among known: [String]) -> String? {
    let word = Array(word.unicodeScalars.prefix(64))
    let distances = known.map { (name: $0, distance: editDistance(word, Array($0.unicodeScalars))) }
    guard let best = distances.min(by: { $0.distance < $1.distance }) else { return nil }
    return best.distance <= max(1, min(word.count, best.name.unicodeScalars.count) / 3) ? best.name : nil
}

/// Insertions, deletions, substitutions and swaps of neighbours that turn one word into the other (optimal string alignment).
private func editDistance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for i in left.indices {
        var row = [i + 1]
        for j in right.indices {
            let substitution = last[j] + (left[i] == right[j] ? 0 : 1)
            var best = min(substitution, last[j + 1] + 1, row[j] + 1)
            if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                best = min(best, beforeLast[j - 1] + 1)
            }
            row.append(best)
        }
        (beforeLast, last) = (last, row)
    }
    return last[right.count]
}
