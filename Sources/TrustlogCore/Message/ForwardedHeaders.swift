/// The headers to pass on, as the column `headers` keeps them: one canonical JSON object of strings.
package enum ForwardedHeaders {
    /// - Returns: `nil` for no headers; of equal names the last one counts.
    package static func encode(_ headers: [(name: String, value: String)]) -> String? {
        guard !headers.isEmpty else { return nil }
        var last: [ExactText: String] = [:]
        for header in headers { last[ExactText(header.name)] = header.value }
        let names = last.keys.sorted { $0.string.utf8.span.precedesInUTF16($1.string.utf8.span) }
        var text: [UInt8] = [UInt8(ascii: "{")]
        for name in names {
            if text.count > 1 { text.append(UInt8(ascii: ",")) }
            text.append(quoted: name.string.utf8.span)
            text.append(UInt8(ascii: ":"))
            text.append(quoted: (last[name] ?? "").utf8.span)
        }
        text.append(UInt8(ascii: "}"))
        return String(decoding: text, as: UTF8.self)
    }

    /// Reads the column back, in the order of its text.
    ///
    /// - Throws: a ``Rejection`` of code `invalid` and field `headers` if it is not an object of strings (an application
    ///   may have written it).
    package static func decode(_ text: String?) throws(Rejection) -> [(name: String, value: String)] {
        guard let text else { return [] }
        let input = text.utf8.span
        var parser = JSONParser()
        do throws(JSONError) {
            let headers = try parser.readHeaders(input)
            try parser.expectEnd(input)
            return headers
        } catch {
            throw Rejection(
                code: .invalid, field: "headers",
                message: "headers is not a JSON object of strings: \(error.description)")
        }
    }
}

extension JSONParser {
    fileprivate mutating func readHeaders(
        _ input: Span<UInt8>
    ) throws(JSONError) -> [(name: String, value: String)] {
        var headers: [(name: String, value: String)] = []
        try openObject(input)
        let members = openFrame()
        var isFirst = true
        while let name = try nextName(input, isFirst: &isFirst) {
            try noteName(name, input)
            guard let member = self.members.last else { break }
            headers.append((String(copyingUTF8: names.span.extracting(member.name)), try readString(input)))
        }
        try closeFrame(members)
        return headers
    }
}
