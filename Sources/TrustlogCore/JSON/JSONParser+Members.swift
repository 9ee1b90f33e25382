/// A member of an object that is still open: where its name stands in ``JSONParser/names`` and its text, with a comma
/// behind it, in ``JSONParser/canonical``.
struct Member {
    var name: Range<Int>
    var text: Range<Int>
}

/// Where the members of one open object begin.
struct MemberFrame {
    fileprivate let members: Int
    fileprivate let names: Int
    fileprivate let canonical: Int
}

extension JSONParser {
    /// Starts to collect members whose names must differ.
    func openFrame() -> MemberFrame {
        MemberFrame(members: members.count, names: names.count, canonical: canonical.count)
    }

    /// Starts to collect members that become one canonical object.
    ///
    /// - Parameter size: about how many bytes of input they have, to make room for them at once.
    mutating func openCanonicalObject(roomFor size: Int = 0) -> MemberFrame {
        if size > 0 {
            canonical.reserveCapacity(min(size, 4096) + 64)
            names.reserveCapacity(128)
            members.reserveCapacity(16)
        }
        canonical.append(UInt8(ascii: "{"))
        return openFrame()
    }

    /// Reads the value of a member whose name was just read and adds both to the frame opened last.
    mutating func appendMember(_ name: StringToken, _ input: Span<UInt8>, level: Int) throws(JSONError) {
        let range = try appendName(name, input)
        let start = canonical.count
        canonical.append(quoted: names, in: range)
        canonical.append(UInt8(ascii: ":"))
        try appendValue(input, level: level)
        canonical.append(UInt8(ascii: ","))
        members.append(Member(name: range, text: start..<canonical.count))
    }

    /// Adds a member without its value to the frame opened last, so that a second one of its name is found.
    mutating func noteName(_ name: StringToken, _ input: Span<UInt8>) throws(JSONError) {
        let range = try appendName(name, input)
        members.append(Member(name: range, text: canonical.count..<canonical.count))
    }

    /// Whether the member added last is named so.
    func isLastName(_ name: StaticString) -> Bool {
        guard let member = members.last else { return false }
        return names.span.extracting(member.name).hasSameBytes(as: name)
    }

    private mutating func appendName(_ name: StringToken, _ input: Span<UInt8>) throws(JSONError) -> Range<Int> {
        let start = names.count
        try Self.unescape(name, of: input, into: &names)
        return start..<names.count
    }

    /// Makes the frame's members the canonical object that ``openCanonicalObject()`` began.
    mutating func closeObject(_ frame: MemberFrame) throws(JSONError) {
        try sortMembers(frame)
        if canonical.count > frame.canonical {
            canonical[canonical.count - 1] = UInt8(ascii: "}")
        } else {
            canonical.append(UInt8(ascii: "}"))
        }
        drop(frame)
    }

    /// Checks that the frame's names differ and forgets them.
    mutating func closeFrame(_ frame: MemberFrame) throws(JSONError) {
        try sortMembers(frame)
        drop(frame)
    }

    private mutating func drop(_ frame: MemberFrame) {
        members.removeLast(members.count - frame.members)
        names.removeLast(names.count - frame.names)
    }

    /// Brings the frame's members into the order of RFC 8785 (names by UTF-16 code units).
    private mutating func sortMembers(_ frame: MemberFrame) throws(JSONError) {
        guard !isAscending(from: frame.members) else { return }
        let names = names
        members[frame.members...].sort { left, right in
            names.span.extracting(left.name).precedesInUTF16(names.span.extracting(right.name))
        }
        var index = frame.members
        while index + 1 < members.count {
            let name = names.span.extracting(members[index].name)
            if name.hasSameBytes(as: names.span.extracting(members[index + 1].name)) {
                duplicateName = String(copyingUTF8: name)
                throw JSONError(reason: .duplicateName, offset: position)
            }
            index += 1
        }
        scratch.removeAll(keepingCapacity: true)
        for member in members[frame.members...] { scratch.append(canonical, in: member.text) }
        canonical.removeLast(canonical.count - frame.canonical)
        canonical.append(contentsOf: scratch)
    }

    private func isAscending(from start: Int) -> Bool {
        var index = start
        while index + 1 < members.count {
            let name = names.span.extracting(members[index].name)
            guard name.precedesInUTF16(names.span.extracting(members[index + 1].name)) else { return false }
            index += 1
        }
        return true
    }
}
