import CommandLineTool
import KafkaClient
import TrustlogCore

/// A message of the trustlog topic as `tail` shows it.
struct TailedRecord {
    enum Verdict {
        /// Nobody asked.
        case unverified
        case verified(keyID: String)
        case invalid(String)
    }

    private let message: TopicMessage
    /// `nil` where the message holds no record.
    private let operation: Operation?
    private let payload: [UInt8]?
    private let verdict: Verdict

    /// - Parameter verifier: `nil`: show what the message says, whoever signed it.
    init(_ message: TopicMessage, verifier: EnvelopeVerifier?) {
        self.message = message
        let value = message.value ?? []
        do throws(VerificationError) {
            if let verifier {
                let record = try verifier.verify(value)
                (operation, payload, verdict) = (record.operation, record.payload, .verified(keyID: record.keyID))
            } else {
                let envelope = try UnverifiedEnvelope(value)
                (operation, payload, verdict) = (try envelope.operation(), envelope.payload, .unverified)
            }
        } catch {
            // Only what was verified is shown, but for the place in the topic.
            let reason = message.value == nil ? "the message has no value (a tombstone)" : error.description
            (operation, payload, verdict) = (nil, nil, .invalid(reason))
        }
    }

    /// One line for people.
    func text(_ terminal: Terminal) -> String {
        let place = "\(message.partition)@\(message.offset)"
        let mark: String? =
            switch verdict {
            case .unverified: nil
            case .verified: terminal.styled("verified", .green, on: terminal.output)
            case .invalid(let reason): terminal.styled("INVALID", .red, on: terminal.output) + " " + printable(reason)
            }
        guard let operation else {
            return [publishedAt?.rfc3339 ?? "-", "-", "-", "-", place, mark ?? ""].joined(separator: "  ")
        }
        return
            ([
                operation.timestamp.rfc3339, printable(operation.opType), printable(operation.doid),
                printable(operation.opId), place,
            ] + (mark.map { [$0] } ?? [])).joined(separator: "  ")
    }

    var json: JSONValue {
        var members: [(String, JSONValue)] = [
            ("partition", .integer(Int(message.partition))), ("offset", .integer(Int(message.offset))),
            ("publishedAt", .optional(publishedAt?.rfc3339)),
            ("opId", .optional(operation?.opId)), ("doid", .optional(operation?.doid)),
            ("opType", .optional(operation?.opType)), ("timestamp", .optional(operation?.timestamp.rfc3339)),
        ]
        switch verdict {
        case .unverified: members += [("verified", .null), ("reason", .null)]
        case .verified(let keyID): members += [("verified", .bool(true)), ("keyid", .string(keyID)), ("reason", .null)]
        case .invalid(let reason): members += [("verified", .bool(false)), ("reason", .string(reason))]
        }
        members.append(("record", payload.flatMap { try? JSONValue(json: $0) } ?? .null))
        return .object(members.map { JSONValue.Member($0, $1) })
    }

    private var publishedAt: Timestamp? {
        guard let milliseconds = message.timestampMilliseconds else { return nil }
        let (microseconds, isTooLarge) = milliseconds.multipliedReportingOverflow(by: 1_000)
        guard !isTooLarge, Timestamp.allowedMicroseconds.contains(microseconds) else { return nil }
        return Timestamp(microseconds: microseconds)
    }
}
