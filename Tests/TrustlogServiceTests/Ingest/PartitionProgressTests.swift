import Testing
import TrustlogTestKit

@testable import TrustlogService

@Suite("Partition progress")
struct PartitionProgressTests {
    @Test("the position stops at the first dead letter that is not acknowledged, in whatever order the reports come")
    func stops() {
        var progress = PartitionProgress()
        progress.advance(to: 10, rejected: [7, 3])
        #expect(progress.position == 3)
        progress.acknowledge(7)
        #expect(progress.position == 3)
        progress.advance(to: 20, rejected: [12])
        progress.acknowledge(3)
        #expect(progress.position == 12)
        progress.acknowledge(12)
        #expect(progress.position == 20)
        #expect(progress.unacknowledged.isEmpty)
    }

    @Test("for any order of reports the position never passes a dead letter without one", arguments: 0..<20)
    func random(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var progress = PartitionProgress()
        var open: Set<Int64> = []
        var end: Int64 = 0
        for _ in 0..<300 {
            if Bool.random(using: &random), let offset = open.randomElement(using: &random) {
                progress.acknowledge(offset)
                open.remove(offset)
            } else {
                let next = end + Int64.random(in: 1...5, using: &random)
                let rejected = (end..<next).filter { _ in Int.random(in: 0..<3, using: &random) == 0 }
                progress.advance(to: next, rejected: rejected.shuffled(using: &random))
                open.formUnion(rejected)
                end = next
            }
            #expect(progress.position == open.min() ?? end)
        }
    }
}
