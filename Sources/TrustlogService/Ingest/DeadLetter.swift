import KafkaClient
import TrustlogCore

/// A message that cannot become a row, with the reason.
struct DeadLetter: Sendable {
    var message: OriginalMessage
    var rejection: Rejection
    /// The assignment by which the message came.
    var epoch: AssignmentEpoch
}

/// How much of the original a dead letter holds: less where the topic refuses more for its size.
enum DeadLetterForm: Sendable {
    case whole
    /// Without the value.
    case notice
    /// Without the original's headers, too.
    case noticeWithoutHeaders
    /// Without the key, too: what is left says where the original stands.
    case bareNotice

    var smaller: DeadLetterForm? {
        switch self {
        case .whole: .notice
        case .notice: .noticeWithoutHeaders
        case .noticeWithoutHeaders: .bareNotice
        case .bareNotice: nil
        }
    }
}

/// A dead letter as it goes to the topic (contract, section 5).
struct DeadLetterMessage: Sendable {
    private(set) var key: [UInt8]?
    private(set) var value: [UInt8]?
    private(set) var headers = HeaderList()

    /// The original byte for byte, or what `form` leaves of it, then what is wrong with it.
    init(_ letter: DeadLetter, as form: DeadLetterForm = .whole) {
        var left = letter
        switch form {
        case .whole, .notice: break
        case .noticeWithoutHeaders: left.message.headers = []
        case .bareNotice: (left.message.key, left.message.headers) = (nil, [])
        }
        self.init(left, value: form == .whole ? letter.message.value : nil)
        if form != .whole { describeValue(of: letter) }
    }

    private mutating func describeValue(of letter: DeadLetter) {
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
