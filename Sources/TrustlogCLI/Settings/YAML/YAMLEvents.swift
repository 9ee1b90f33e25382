internal import CYAML

struct YAMLEvent {
    enum Kind: Equatable {
        /// Of the stream or a document.
        case start
        /// Of the stream.
        case end
        case scalar(text: String, isPlain: Bool)
        case sequenceStart
        case mappingStart
        case collectionEnd
    }

    var kind: Kind
    var mark: YAMLMark
}

/// libyaml's parser over bytes in memory.
struct YAMLEvents: ~Copyable {
    /// On the heap: the parser keeps pointers to itself and to its input.
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeMutableBufferPointer<UInt8>

    init(_ bytes: [UInt8]) {
        parser = .allocate(capacity: 1)
        input = .allocate(capacity: bytes.count)
        _ = input.initialize(from: bytes)
        yaml_parser_initialize(parser)
        yaml_parser_set_input_string(parser, input.baseAddress, input.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
        input.deallocate()
    }

    /// The next event that says something: the end of a document is left out.
    mutating func next() throws(YAMLError) -> YAMLEvent {
        while true {
            var event = yaml_event_t()
            guard yaml_parser_parse(parser, &event) == 1 else { throw failure() }
            defer { yaml_event_delete(&event) }
            let mark = YAMLMark(line: Int(event.start_mark.line) + 1, column: Int(event.start_mark.column) + 1)
            if let kind = try kind(of: event, mark) { return YAMLEvent(kind: kind, mark: mark) }
        }
    }

    private func kind(of event: yaml_event_t, _ mark: YAMLMark) throws(YAMLError) -> YAMLEvent.Kind? {
        switch event.type {
        case YAML_STREAM_START_EVENT, YAML_DOCUMENT_START_EVENT: return .start
        case YAML_STREAM_END_EVENT, YAML_NO_EVENT: return .end
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            try refuse(anchor: scalar.anchor, tag: scalar.tag, mark)
            let text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            return .scalar(text: text, isPlain: scalar.plain_implicit == 1)
        case YAML_SEQUENCE_START_EVENT:
            try refuse(anchor: event.data.sequence_start.anchor, tag: event.data.sequence_start.tag, mark)
            return .sequenceStart
        case YAML_MAPPING_START_EVENT:
            try refuse(anchor: event.data.mapping_start.anchor, tag: event.data.mapping_start.tag, mark)
            return .mappingStart
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: return .collectionEnd
        case YAML_ALIAS_EVENT: throw YAMLError(message: "aliases are not read", mark: mark)
        default: return nil
        }
    }

    private func refuse(
        anchor: UnsafeMutablePointer<UInt8>?, tag: UnsafeMutablePointer<UInt8>?, _ mark: YAMLMark
    ) throws(YAMLError) {
        guard anchor == nil else { throw YAMLError(message: "anchors are not read", mark: mark) }
        guard tag == nil else { throw YAMLError(message: "tags are not read", mark: mark) }
    }

    /// What libyaml found wrong. Its reader (bad UTF-8, control characters) tells only an offset; a problem inside brackets
    /// tells where these were opened.
    private func failure() -> YAMLError {
        let state = parser.pointee
        var message = state.problem.map { String(cString: $0) } ?? "not YAML"
        guard state.error != YAML_READER_ERROR else {
            return YAMLError(message: message, mark: mark(ofByte: Int(state.problem_offset)))
        }
        if let context = state.context {
            let (line, column) = (state.context_mark.line + 1, state.context_mark.column + 1)
            message += " \(String(cString: context)) that begins at line \(line), column \(column)"
        }
        let mark = YAMLMark(line: Int(state.problem_mark.line) + 1, column: Int(state.problem_mark.column) + 1)
        return YAMLError(message: message, mark: mark)
    }

    private func mark(ofByte offset: Int) -> YAMLMark {
        let before = input.prefix(offset)
        let lines = before.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let column = lines.last.map { String(decoding: $0, as: UTF8.self).unicodeScalars.count } ?? 0
        return YAMLMark(line: max(1, lines.count), column: column + 1)
    }
}
