internal import CYAML

/// Reads one YAML document into nodes, by libyaml's events.
///
/// Refused, since settings need none of it: a second document, anchors and aliases, tags, keys that are not text, more than
/// 16 levels. libyaml does not notice duplicate keys; whoever reads the nodes does.
package enum YAMLReader {
    /// `nil` if the document is empty.
    package static func read(_ bytes: [UInt8]) throws(YAMLError) -> YAMLNode? {
        var events = YAMLEvents(bytes)
        var event = try events.next()
        while event.kind == .start { event = try events.next() }
        guard event.kind != .end else { return nil }
        let node = try readNode(event, &events, depth: 1)
        let last = try events.next()
        guard last.kind == .end else {
            throw YAMLError(message: "a second document: one is all that is read", mark: last.mark)
        }
        return node
    }

    private static func readNode(
        _ event: YAMLEvent, _ events: inout YAMLEvents, depth: Int
    ) throws(YAMLError) -> YAMLNode {
        guard depth <= 16 else { throw YAMLError(message: "nested more than 16 levels deep", mark: event.mark) }
        switch event.kind {
        case .scalar(let text, let isPlain):
            return .scalar(YAMLScalar(text: text, isPlain: isPlain, mark: event.mark))
        case .sequenceStart:
            var elements: [YAMLNode] = []
            var next = try events.next()
            while next.kind != .collectionEnd {
                elements.append(try readNode(next, &events, depth: depth + 1))
                next = try events.next()
            }
            return .sequence(elements, event.mark)
        case .mappingStart:
            return .mapping(try readEntries(&events, depth: depth), event.mark)
        case .start, .end, .collectionEnd:
            throw YAMLError(message: "a value is missing", mark: event.mark)
        }
    }

    private static func readEntries(_ events: inout YAMLEvents, depth: Int) throws(YAMLError) -> [YAMLEntry] {
        var entries: [YAMLEntry] = []
        var next = try events.next()
        while next.kind != .collectionEnd {
            guard case .scalar(let key) = try readNode(next, &events, depth: depth + 1) else {
                throw YAMLError(message: "a key must be text", mark: next.mark)
            }
            let value = try readNode(try events.next(), &events, depth: depth + 1)
            entries.append(YAMLEntry(key: key, value: value))
            next = try events.next()
        }
        return entries
    }
}
