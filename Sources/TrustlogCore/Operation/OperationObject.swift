/// The members of one operation object as a parser found them, before anything but their JSON was checked.
///
/// A field's text stays where it is (in the input, or in ``unescaped`` if it was written with escapes) until all is known
/// to be right.
struct OperationObject {
    private struct Slot {
        enum Content: UInt8 {
            case absent, null, other, inInput, inUnescaped
        }
        var content = Content.absent
        // 32 bits are enough for every input (1 MiB at most), and keep the whole object in three cache lines.
        private var first: Int32 = 0
        private var count: Int32 = 0

        init() {}

        init(_ content: Content, _ range: Range<Int>) {
            self.content = content
            first = Int32(truncatingIfNeeded: range.lowerBound)
            count = Int32(truncatingIfNeeded: range.count)
        }

        var range: Range<Int> { Int(first)..<Int(first) + Int(count) }
    }

    private var slots = InlineArray<13, Slot>(repeating: Slot())
    private var unescaped: [UInt8] = []
    /// The canonical object of all members without a name of the contract's; `nil` if there are none.
    var extra: String?
    private var extraSize = 0
    /// Names of members with numbers that are not allowed, in the order of the document; the first few of them.
    private var membersWithForbiddenNumbers: [String] = []
    private var forbiddenNumberCount = 0
    private static let listedMembers = 64

    // MARK: Reading

    /// Reads the member of a known field.
    @inline(__always)
    mutating func read(
        _ field: OperationField, _ input: Span<UInt8>, with parser: inout JSONParser
    ) throws(JSONError) {
        let index = Int(field.rawValue)
        guard slots[index].content == .absent else {
            parser.duplicateName = field.name
            throw JSONError(reason: .duplicateName, offset: parser.position)
        }
        guard parser.current(input) == UInt8(ascii: "\"") else {
            slots[index].content = parser.current(input) == UInt8(ascii: "n") ? .null : .other
            return try parser.skipValue(input, level: 1)
        }
        let token = try parser.scanString(input)
        if token.hasEscapes {
            let start = unescaped.count
            try JSONParser.unescape(token, of: input, into: &unescaped)
            slots[index] = Slot(.inUnescaped, start..<unescaped.count)
        } else {
            slots[index] = Slot(.inInput, token.range)
        }
    }

    /// Reads a member that becomes part of ``extra``.
    mutating func readOther(
        _ name: StringToken, _ input: Span<UInt8>, with parser: inout JSONParser
    ) throws(JSONError) {
        parser.sawForbiddenNumber = false
        try parser.appendMember(name, input, level: 1)
        guard parser.sawForbiddenNumber else { return }
        forbiddenNumberCount += 1
        if membersWithForbiddenNumbers.count < Self.listedMembers, let member = parser.members.last {
            membersWithForbiddenNumbers.append(String(copyingUTF8: parser.names.span.extracting(member.name)))
        }
    }

    /// Reads the object ``extra`` itself.
    mutating func readExtra(_ input: Span<UInt8>, with parser: inout JSONParser) throws(JSONError) {
        try parser.openObject(input)
        let start = parser.canonical.count
        let members = parser.openCanonicalObject()
        var isFirst = true
        while let name = try parser.nextName(input, isFirst: &isFirst) {
            try readOther(name, input, with: &parser)
        }
        try takeExtra(members, from: start, of: &parser)
    }

    /// Ends the canonical object of other members and takes it as ``extra``.
    mutating func takeExtra(
        _ members: MemberFrame, from start: Int, of parser: inout JSONParser
    ) throws(JSONError) {
        try parser.closeObject(members)
        extraSize = parser.canonical.count - start
        if extraSize > "{}".utf8.count, extraSize <= Operation.maximumExtraSize {
            extra = String(copyingUTF8: parser.canonical.span.extracting(droppingFirst: start))
        }
        parser.canonical.removeLast(extraSize)
    }

    // MARK: Judging

    /// The operation, if nothing breaks the contract's table.
    func operation(_ input: Span<UInt8>) throws(Rejection) -> Operation {
        var violations: [Violation] = []
        let timestamp = timestamp(input)
        for field in OperationField.inOrder where field != .timestamp || timestamp == nil {
            if let violation = violation(of: field, input) { violations.append(violation) }
        }
        violations.append(contentsOf: extraViolations())
        guard violations.isEmpty, let timestamp else {
            throw .invalid(violations, unlisted: unlistedViolations)
        }
        return Operation(
            opId: text(.opId, input), timestamp: timestamp, opSource: text(.opSource, input),
            opType: text(.opType, input), doPrefix: text(.doPrefix, input), doRepository: text(.doRepository, input),
            doid: text(.doid, input), producerId: text(.producerId, input), opActor: text(.opActor, input),
            requestBodyHash: optionalText(.requestBodyHash, input),
            responseBodyHash: optionalText(.responseBodyHash, input), clientIp: optionalText(.clientIp, input),
            serverIp: optionalText(.serverIp, input), extra: extra)
    }

    /// What is wrong with the members that became ``extra``.
    func extraViolations() -> [Violation] {
        var violations: [Violation] = []
        for name in membersWithForbiddenNumbers { violations.append(.number(inMember: name)) }
        if extraSize > Operation.maximumExtraSize { violations.append(.extraTooLarge(extraSize)) }
        return violations
    }

    /// How many violations there are besides those that are listed.
    var unlistedViolations: Int { forbiddenNumberCount - membersWithForbiddenNumbers.count }

    private func violation(of field: OperationField, _ input: Span<UInt8>) -> Violation? {
        let slot = slots[Int(field.rawValue)]
        switch slot.content {
        case .absent: return field.isRequired ? .missing(field) : nil
        case .null where !field.isRequired: return nil
        case .null: return Violation(field: field.name, problem: "is null, a string is needed")
        case .other: return Violation(field: field.name, problem: "is not a string")
        case .inInput:
            return field.problem(of: input.extracting(slot.range)).map {
                Violation(field: field.name, problem: $0)
            }
        case .inUnescaped:
            return field.problem(of: unescaped.span.extracting(slot.range)).map {
                Violation(field: field.name, problem: $0)
            }
        }
    }

    private func timestamp(_ input: Span<UInt8>) -> Timestamp? {
        let slot = slots[Int(OperationField.timestamp.rawValue)]
        return switch slot.content {
        case .inInput: Timestamp(rfc3339: input.extracting(slot.range))
        case .inUnescaped: Timestamp(rfc3339: unescaped.span.extracting(slot.range))
        case .absent, .null, .other: nil
        }
    }

    private func text(_ field: OperationField, _ input: Span<UInt8>) -> String {
        optionalText(field, input) ?? ""
    }

    private func optionalText(_ field: OperationField, _ input: Span<UInt8>) -> String? {
        let slot = slots[Int(field.rawValue)]
        return switch slot.content {
        case .inInput: String(copyingUTF8: input.extracting(slot.range))
        case .inUnescaped: String(copyingUTF8: unescaped.span.extracting(slot.range))
        case .absent, .null, .other: nil
        }
    }
}
