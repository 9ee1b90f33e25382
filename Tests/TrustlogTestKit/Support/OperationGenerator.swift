/// Makes operations as the identifier services of section 1's examples send them: about 430 bytes of JSON each, the same
/// ones for the same seed.
package struct OperationGenerator: Sendable {
    package struct Generated: Sendable {
        package let opId: String
        package let doid: String
        /// One line of JSON.
        package let json: String

        /// Key, tab, value: as ``Kcat`` produces lines.
        package var keyedLine: String { "\(doid)\t\(json)" }
    }

    private var random: SeededRandom
    private let objects: Int
    private let prefix: String
    private var number = 0

    /// - Parameters:
    ///   - objects: how many digital objects the operations are about; a tenth of them gets half of the operations.
    ///   - name: part of each `opId`, so that generators do not meet.
    package init(seed: UInt64, objects: Int = 1_000, name: String = "op") {
        random = SeededRandom(seed: seed)
        self.objects = max(1, objects)
        prefix = "\(name)-\(String(seed, radix: 36))"
    }

    package mutating func next() -> Generated {
        number += 1
        let opId = "\(prefix)-\(number)"
        let doid = "86.1000/\(prefix).object-\(nextObject())"
        let isIRP = Bool.random(using: &random)
        let type = Self.types[Int.random(in: 0..<Self.types.count, using: &random)]
        let members = [
            ("opId", opId), ("timestamp", nextTimestamp()), ("opSource", isIRP ? "IRP" : "DOIP"), ("opType", type),
            ("doPrefix", "86.1000"), ("doRepository", "86.1000/repository-\(Int.random(in: 1...9, using: &random))"),
            ("doid", doid), ("producerId", "86.1000/lhs-\(Int.random(in: 1...4, using: &random))"),
            ("opActor", "86.1000/user-\(Int.random(in: 1...200, using: &random))"),
            ("requestBodyHash", nextHash()), ("responseBodyHash", nextHash()),
            ("clientIp", "10.\(nextByte()).\(nextByte()).\(nextByte())"), ("serverIp", "2001:db8::\(nextByte())"),
        ]
        let json = members.map { "\"\($0)\":\"\($1)\"" }.joined(separator: ",")
        return Generated(opId: opId, doid: doid, json: "{\(json)}")
    }

    package mutating func take(_ count: Int) -> [Generated] {
        var result: [Generated] = []
        result.reserveCapacity(count)
        for _ in 0..<count { result.append(next()) }
        return result
    }

    private static let types = [
        "OC_REGISTER", "OC_UPDATE", "OC_DELETE", "OC_RESOLVE", "0.DOIP/Op.Create", "0.DOIP/Op.Update",
        "0.DOIP/Op.Retrieve", "0.DOIP/Op.Delete",
    ]

    private mutating func nextObject() -> Int {
        let limit = Bool.random(using: &random) ? max(1, objects / 10) : objects
        return Int.random(in: 0..<limit, using: &random)
    }

    private mutating func nextByte() -> Int { Int.random(in: 1...250, using: &random) }

    private mutating func nextHash() -> String {
        (0..<2).map { _ in Self.padded(String(random.next(), radix: 16), to: 16) }.joined()
    }

    private mutating func nextTimestamp() -> String {
        let parts = [23, 59, 59].map { Self.padded("\(Int.random(in: 0...$0, using: &random))", to: 2) }
        let fraction = Self.padded("\(Int.random(in: 0...999_999, using: &random))", to: 6)
        return "2026-03-\(Self.padded("\(Int.random(in: 1...28, using: &random))", to: 2))T"
            + "\(parts.joined(separator: ":")).\(fraction)Z"
    }

    private static func padded(_ text: String, to width: Int) -> String {
        String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }
}
