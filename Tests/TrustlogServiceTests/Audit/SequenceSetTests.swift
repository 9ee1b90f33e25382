import Testing
import TrustlogTestKit

@testable import TrustlogService

@Suite("A set of sequence numbers")
struct SequenceSetTests {
    @Test("it holds what was put in, and nothing else, also below zero and at the ends of what there is")
    func membership() {
        var set = SequenceSet()
        var reference: Set<Int64> = []
        var random = SeededRandom(seed: 7)
        let extremes: [Int64] = [.min, -4_097, -4_096, -1, 0, 63, 64, 4_095, 4_096, .max]
        let numbers = extremes + (0..<5_000).map { _ in Int64.random(in: -9_000...9_000, using: &random) }
        for number in numbers {
            #expect(set.insert(number) == reference.insert(number).inserted)
        }
        #expect(set.count == reference.count)
        for number in Int64(-9_100)...9_100 where set.contains(number) != reference.contains(number) {
            Issue.record("\(number)")
        }
        #expect(extremes.allSatisfy { set.contains($0) } && !set.contains(.max - 1))
    }
}
