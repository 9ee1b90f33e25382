/// The named fields of an operation, in the order of the contract's table (section 1): the one place that says what each
/// is called, whether it must be there and what it may hold.
package enum OperationField: UInt8, Sendable, CaseIterable {
    case opId, timestamp, opSource, opType, doPrefix, doRepository, doid, producerId, opActor
    case requestBodyHash, responseBodyHash, clientIp, serverIp

    static let inOrder = allCases

    enum Rule {
        /// Text of so many bytes in UTF-8, without U+0000.
        case text(ClosedRange<Int>)
        /// The same, without any control character.
        case identifier(ClosedRange<Int>)
        case time
        case address
    }

    package var name: String { staticName.description }

    var staticName: StaticString {
        switch self {
        case .opId: "opId"
        case .timestamp: "timestamp"
        case .opSource: "opSource"
        case .opType: "opType"
        case .doPrefix: "doPrefix"
        case .doRepository: "doRepository"
        case .doid: "doid"
        case .producerId: "producerId"
        case .opActor: "opActor"
        case .requestBodyHash: "requestBodyHash"
        case .responseBodyHash: "responseBodyHash"
        case .clientIp: "clientIp"
        case .serverIp: "serverIp"
        }
    }

    package var isRequired: Bool { self.rawValue <= OperationField.opActor.rawValue }

    var rule: Rule {
        switch self {
        case .opId: .identifier(1...128)
        case .timestamp: .time
        case .opSource, .opType: .text(1...64)
        case .doPrefix, .doRepository, .producerId, .opActor: .text(1...256)
        case .doid: .text(1...512)
        case .requestBodyHash, .responseBodyHash: .text(0...256)
        case .clientIp, .serverIp: .address
        }
    }

    /// The field of this name, exactly as the contract spells it.
    init?(_ name: Span<UInt8>) {
        let candidate: OperationField? =
            switch name.count {
            case 4: name[0] == UInt8(ascii: "o") ? .opId : .doid
            case 6: .opType
            case 7: .opActor
            case 8:
                switch name[0] {
                case UInt8(ascii: "o"): .opSource
                case UInt8(ascii: "d"): .doPrefix
                case UInt8(ascii: "c"): .clientIp
                default: .serverIp
                }
            case 9: .timestamp
            case 10: .producerId
            case 12: .doRepository
            case 15: .requestBodyHash
            case 16: .responseBodyHash
            default: nil
            }
        guard let candidate, name.hasSameBytes(as: candidate.staticName) else { return nil }
        self = candidate
    }
}
