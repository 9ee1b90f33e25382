import Testing

@testable import KafkaClient

@Suite("Assignment")
struct AssignmentTests {
    private let partition = TopicPartition(topic: "operations", partition: 0)

    private func started(at offset: Int64?) -> Assignment {
        var assignment = Assignment()
        assignment.assign([partition])
        _ = assignment.start([PartitionOffset(partition, offset: offset)], generation: nil)
        return assignment
    }

    @Test("lag is unknown until it is known where to begin, and then counts from there")
    func begins() {
        var assignment = Assignment()
        assignment.assign([partition])
        #expect(assignment.lag(of: partition, watermarks: (0, 6)) == nil)
        _ = assignment.start([PartitionOffset(partition, offset: 6)], generation: nil)
        #expect(assignment.lag(of: partition, watermarks: nil) == nil)
        #expect(assignment.lag(of: partition, watermarks: (0, 6)) == 0)
        #expect(assignment.lag(of: partition, watermarks: (0, 9)) == 3)
        #expect(started(at: nil).lag(of: partition, watermarks: (2, 9)) == 7)
    }

    @Test("lag counts from what is settled, not from what was received")
    func settled() {
        var assignment = started(at: 4)
        assignment.consumed(partition, first: 4, next: 10)
        assignment.reachedEnd(partition, at: 10, high: 10)
        #expect(assignment.lag(of: partition, watermarks: (0, 10)) == 6)
        assignment.settled(partition, 7)
        #expect(assignment.lag(of: partition, watermarks: (0, 10)) == 3)
        assignment.settled(partition, 10)
        #expect(assignment.lag(of: partition, watermarks: (0, 10)) == 0)
        assignment.settled(partition, 7)
        #expect(assignment.lag(of: partition, watermarks: (0, 10)) == 0)
    }

    @Test("from the earliest on, the first message received is where lag begins")
    func earliest() {
        var assignment = started(at: nil)
        assignment.consumed(partition, first: 5, next: 8)
        #expect(assignment.lag(of: partition, watermarks: (0, 8)) == 3)
    }

    @Test("markers behind the last message are no lag once it is settled, and lag with it before")
    func markers() {
        var assignment = started(at: 0)
        assignment.consumed(partition, first: 0, next: 2)
        assignment.reachedEnd(partition, at: 3, high: 3)
        #expect(assignment.lag(of: partition, watermarks: (0, 3)) == 3)
        assignment.settled(partition, 2)
        #expect(assignment.lag(of: partition, watermarks: (0, 3)) == 0)
        #expect(assignment.lag(of: partition, watermarks: (0, 5)) == 2)
    }

    @Test("what is read again is lag again")
    func rewound() {
        var assignment = started(at: 0)
        assignment.consumed(partition, first: 0, next: 9)
        assignment.settled(partition, 9)
        assignment.move(partition, to: 4)
        #expect(assignment.lag(of: partition, watermarks: (0, 9)) == 5)
    }

    @Test("what a paused partition's broker told when asked counts as well")
    func asked() {
        var assignment = started(at: 3)
        assignment.learned(high: 12, of: partition)
        #expect(assignment.lag(of: partition, watermarks: (0, 3)) == 9)
    }
}
