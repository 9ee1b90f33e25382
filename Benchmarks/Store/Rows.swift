import OperationStore
import TrustlogCore

/// Operations as the identifier services of the contract's examples send them, consumed from Kafka.
enum Rows {
    /// - Parameter round: makes other op ids than the other rounds.
    static func make(_ count: Int, round: Int) -> [IncomingOperation] {
        (0..<count).map { number in
            let operation = Operation(
                opId: "0190a4c2-\(hex(round, 4))-7000-8000-\(hex(number, 12))",
                timestamp: Timestamp(microseconds: 1_772_000_000_000_000 + Int64(number) * 1_371),
                opSource: number % 2 == 0 ? "IRP" : "DOIP", opType: "OC_REGISTER", doPrefix: "86.1000",
                doRepository: "86.1000/repository-\(number % 9)",
                doid: "86.1000/object-\(number &* 2_654_435_761 % 100_000)", producerId: "86.1000/lhs-\(number % 4)",
                opActor: "86.1000/user-\(number % 200)", requestBodyHash: hash(number, 1),
                responseBodyHash: hash(number, 2), clientIp: "10.\(number % 250).\(number / 250 % 250).7",
                serverIp: "2001:db8::\(number % 250)")
            let source = RecordSource(
                topic: "operations", partition: Int32(number % 4), offset: Int64(number),
                digest: hash(number, 3) + hash(number, 4))
            return IncomingOperation(operation: operation, source: source, headers: nil)
        }
    }

    static func positions(after number: Int) -> [ConsumerPosition] {
        (0..<4).map { ConsumerPosition(topic: "operations", partition: $0, nextOffset: Int64(number)) }
    }

    private static func hash(_ number: Int, _ salt: UInt64) -> String {
        var value = UInt64(truncatingIfNeeded: number) &* 0x9E37_79B9_7F4A_7C15 &+ salt
        let high = mix(&value)
        return hex(Int(high >> 1), 16) + hex(Int(mix(&value) >> 1), 16)
    }

    private static func mix(_ state: inout UInt64) -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        let value = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        return value ^ (value >> 31)
    }

    private static func hex(_ number: Int, _ width: Int) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
