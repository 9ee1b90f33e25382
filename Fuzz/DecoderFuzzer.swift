/// Feeds the parts of the core that read what others send, and checks what must hold of whatever they accept.
///
/// The first byte of an input chooses the reader. A broken promise ends the process, which libFuzzer reports with the
/// input; run it with Fuzz/run.sh.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    guard let choice = input.first else { return 0 }
    let rest = Array(input.dropFirst())
    switch choice {
    case UInt8(ascii: "e"): fuzzMessage(rest, contentType: "application/cloudevents+json")
    case UInt8(ascii: "x"): fuzzExtra(rest)
    case UInt8(ascii: "r"): fuzzRecord(rest)
    case UInt8(ascii: "d"): fuzzEnvelope(rest)
    case UInt8(ascii: "h"): fuzzHeaders(rest)
    case UInt8(ascii: "t"): fuzzTimestamp(rest)
    default: fuzzMessage(rest, contentType: nil)
    }
    return 0
}

private func check(_ holds: Bool, _ promise: StaticString) {
    precondition(holds, promise.description)
}

private func fuzzMessage(_ input: [UInt8], contentType: String?) {
    switch OperationDecoder.decode(input, contentType: contentType) {
    case .failure(let rejection):
        check(rejection.message.utf8.count <= Rejection.maximumMessageSize + 64, "a rejection's message is bounded")
        check((rejection.field?.utf8.count ?? 0) <= Rejection.maximumFieldSize, "a rejection's field is bounded")
        check(rejection.code != .invalid || rejection.field != nil, "an invalid operation names a field")
    case .success(let operation):
        check(operation.violations().isEmpty, "what is accepted keeps the rules for operations made in a program")
        checkRecord(operation)
        guard contentType == nil, let message = ReferenceJSON(input) else { return }
        checkContent(operation, message)
    }
}

private func checkRecord(_ operation: Operation) {
    let source = RecordSource(topic: "t", partition: 0, offset: 7, digest: Digest.sha256Hex([UInt8]()))
    for source in [nil, source] {
        let record = Record.encode(operation, source: source)
        guard let reference = ReferenceJSON(record) else { return check(false, "a record is JSON") }
        check(Array(reference.canonical.utf8) == record, "a record is canonical by another implementation")
        guard let (again, itsSource) = try? Record.decode(record) else { return check(false, "a record is read back") }
        check(itsSource == source, "a record's source is read back")
        check(Record.encode(again, source: source) == record, "a record read back is the same record")
        check(Record.hasSameContent(again, operation), "a record read back has the same content")
    }
}

/// That an operation says what an independent parser finds in its message.
private func checkContent(_ operation: Operation, _ message: ReferenceJSON) {
    guard case .object(let members) = message else { return check(false, "a message is an object") }
    let named = Set(OperationField.allCases.map { Array($0.name.utf16) })
    let others = ReferenceJSON.object(members.filter { !named.contains($0.name) })
    check(Array(others.canonical.utf8) == Array((operation.extra ?? "{}").utf8), "extra is all other members")
    let record = ReferenceJSON(Record.encode(operation, source: nil))
    for field in OperationField.allCases where field != .timestamp {
        check(
            message[field.name]?.text.map { Array($0.utf8) } == record?[field.name]?.text.map { Array($0.utf8) },
            "a field is as an independent parser reads it")
    }
}

private func fuzzExtra(_ input: [UInt8]) {
    guard let extra = try? Operation.canonicalExtra(fromJSON: input) else { return }
    check((try? Operation.canonicalExtra(fromJSON: extra)) == extra, "canonical text is left as it is")
    guard let reference = ReferenceJSON(input) else { return check(false, "what is accepted is JSON") }
    check(Array(reference.canonical.utf8) == Array(extra.utf8), "extra is canonical by another implementation")
}

private func fuzzRecord(_ input: [UInt8]) {
    guard let (operation, source) = try? Record.decode(input) else { return }
    check(Record.encode(operation, source: source) == input, "a record is read only in its one form")
}

private func fuzzEnvelope(_ input: [UInt8]) {
    guard let envelope = try? ParsedEnvelope(input) else { return }
    check(!envelope.signatures.isEmpty, "an envelope has a signature")
    guard let reference = ReferenceJSON(input) else { return check(false, "an envelope is JSON") }
    check(
        Array((reference["payloadType"]?.text ?? "").utf8) == Array(envelope.payloadType.utf8),
        "the payload type is as an independent parser reads it")
}

private func fuzzHeaders(_ input: [UInt8]) {
    let text = String(decoding: input, as: UTF8.self)
    guard let headers = try? ForwardedHeaders.decode(text) else { return }
    let again = ForwardedHeaders.encode(headers)
    check(ForwardedHeaders.encode((try? ForwardedHeaders.decode(again)) ?? []) == again, "headers come back")
    // With nothing left out they are what an independent parser reads.
    guard case .object(let members)? = ReferenceJSON(Array(text.utf8)), members.count == headers.count, let again else {
        return
    }
    check(Array(ReferenceJSON.object(members).canonical.utf8) == Array(again.utf8), "headers are as they were written")
}

private func fuzzTimestamp(_ input: [UInt8]) {
    check(IPAddress.isValid(input.span) ? input.count <= 45 : true, "an address has 45 bytes at most")
    guard let time = Timestamp(rfc3339: input.span) else { return }
    check(Timestamp.allowedMicroseconds.contains(time.microseconds), "a time is in range")
    check(Timestamp(rfc3339: time.rfc3339) == time, "a time comes back")
}
