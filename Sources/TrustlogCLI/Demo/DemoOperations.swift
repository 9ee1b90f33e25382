/// Operations as the identifier services of a repository would report them, the same ones in every run.
struct DemoOperations {
    private var generator = SplitMix64(state: 0x7472_7573_746c_6f67)
    private var number = 0

    private static let types = ["OC_REGISTER", "OC_UPDATE", "OC_RESOLVE", "0.DOIP/Op.Create", "0.DOIP/Op.Retrieve"]

    mutating func next() -> (doid: String, json: String) {
        number += 1
        let isIRP = Bool.random(using: &generator)
        let doid = "86.1000/demo.object-\(Int.random(in: 1...2_000, using: &generator))"
        let type = Self.types[Int.random(in: 0..<Self.types.count, using: &generator)]
        let second = number % 60
        let json = """
            {"opId":"demo-\(number)","timestamp":"2026-01-01T12:00:\(second < 10 ? "0" : "")\(second)Z",\
            "opSource":"\(isIRP ? "IRP" : "DOIP")","opType":"\(type)","doPrefix":"86.1000",\
            "doRepository":"86.1000/repository-\(Int.random(in: 1...9, using: &generator))","doid":"\(doid)",\
            "producerId":"86.1000/lhs-1","opActor":"86.1000/user-\(Int.random(in: 1...200, using: &generator))",\
            "requestBodyHash":"\(hash())","responseBodyHash":"\(hash())",\
            "clientIp":"10.0.\(number / 250 % 250).\(number % 250)","serverIp":"2001:db8::1","region":"demo"}
            """
        return (doid, json)
    }

    private mutating func hash() -> String {
        let digits = String(generator.next(), radix: 16)
        return "sha256:" + String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}

/// Vigna's SplitMix64: small, fast, and the same everywhere for one seed.
private struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
