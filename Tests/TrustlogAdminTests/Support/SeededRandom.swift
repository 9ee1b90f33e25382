/// SplitMix64: the same sequence on each run.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// One to eight bytes changed, taken out, doubled or put in.
    mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
        var result = bytes
        for _ in 0..<Int.random(in: 1...8, using: &self) {
            let position = Int.random(in: 0..<max(1, result.count), using: &self)
            switch Int.random(in: 0..<5, using: &self) {
            case 0 where position < result.count: result[position] = UInt8.random(in: 0...255, using: &self)
            case 1 where position < result.count: result.remove(at: position)
            case 2: result.insert(UInt8.random(in: 0...255, using: &self), at: min(position, result.count))
            case 3: result.insert(contentsOf: result.suffix(Int.random(in: 0...40, using: &self)), at: position)
            default: result.insert(contentsOf: Array("\r\n \t%:\0".utf8), at: min(position, result.count))
            }
        }
        return result
    }
}
