import KafkaClient
import TrustlogCore

/// A message that cannot become a row, with the reason.
struct DeadLetter: Sendable {
    var message: OriginalMessage
    var rejection: Rejection
    /// The assignment by which the message came.
    var epoch: AssignmentEpoch
}

/// A dead letter as it goes to the topic (contract, section 5).
struct DeadLetterMessage: Sendable {
    private(set) var key: [UInt8]?
    private(set) var value: [UInt8]?
    private(set) var headers = HeaderList()

    /// The original byte for byte, then what is wrong with it.
    init(_ letter: DeadLetter) {
        self.init(letter, value: letter.message.value)
    }

    /// A notice in place of an original that the topic refuses for its size.
    init(noticeOf letter: DeadLetter) {
        self.init(letter, value: nil)
        let value = letter.message.value ?? []
        headers.append("trustlog-original-size", String(value.count).utf8)
        headers.append("trustlog-original-sha256", Digest.sha256Hex(value).utf8)
    }

    private init(_ letter: DeadLetter, value: [UInt8]?) {
        key = letter.message.key
        self.value = value
        for header in letter.message.headers {
            header.name.withUnsafeBytes { name in
                withOptionalBytes(header.value) { headers.append(name, $0) }
            }
        }
        headers.append("trustlog-error-code", letter.rejection.code.rawValue.utf8)
        headers.append("trustlog-error-message", letter.rejection.message.utf8)
        if let field = letter.rejection.field {
            headers.append("trustlog-error-field", field.utf8)
        }
        headers.append("__connect.errors.topic", letter.message.topic.utf8)
        headers.append("__connect.errors.partition", String(letter.message.partition).utf8)
        headers.append("__connect.errors.offset", String(letter.message.offset).utf8)
        headers.append("__connect.errors.exception.message", letter.rejection.message.utf8)
    }
}
