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

    /// Reads the column back, in the order of its text: of equal names the last one, and left out if its value is no text.
    ///
    /// - Throws: a ``Rejection`` of code `invalid` and field `headers` if it is not a JSON object (an application may have
    ///   written it).
    package static func decode(_ text: String?) throws(Rejection) -> [(name: String, value: String)] {
        guard let text else { return [] }
        let input = text.utf8.span
        var parser = JSONParser()
        do throws(JSONError) {
            let members = try parser.readHeaders(input)
            try parser.expectEnd(input)
            return lastOfEachName(members).compactMap { name, value in value.map { (name, $0) } }
        } catch {
            throw Rejection(
                code: .invalid, field: "headers", message: "headers is not a JSON object: \(error.description)")
        }
    }

    private static func lastOfEachName(_ members: [Member]) -> [Member] {
        guard members.count > 1 else { return members }
        var last: [ExactText: Int] = [:]
        for (index, member) in members.enumerated() { last[ExactText(member.name)] = index }
        guard last.count < members.count else { return members }
        return members.enumerated().filter { last[ExactText($1.name)] == $0 }.map(\.element)
    }

    /// The value is `nil` where it stands for no text.
    fileprivate typealias Member = (name: String, value: String?)
}

extension JSONParser {
    fileprivate mutating func readHeaders(_ input: Span<UInt8>) throws(JSONError) -> [ForwardedHeaders.Member] {
        var headers: [ForwardedHeaders.Member] = []
        try openObject(input)
        var isFirst = true
        while let token = try nextName(input, isFirst: &isFirst) {
            let name = try? text(of: token, input)
            let value = try readHeaderValue(input)
            if let name { headers.append((name, value)) }
        }
        return headers
    }

    /// A string with a bad escape is passed like a value of another type.
    private mutating func readHeaderValue(_ input: Span<UInt8>) throws(JSONError) -> String? {
        guard current(input) == UInt8(ascii: "\"") else {
            try skipValue(input, level: 1)
            return nil
        }
        let token = try scanString(input)
        return try? text(of: token, input)
    }
}
