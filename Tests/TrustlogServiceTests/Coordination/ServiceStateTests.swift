import KafkaClient
import Testing

@testable import TrustlogService

@Suite("Service state")
struct ServiceStateTests {
    @Test("partitions that wait are listed by topic and number, until they go on")
    func waiting() {
        let state = ServiceState()
        for number: Int32 in [10, 2, 1] {
            state.setWaiting(TopicPartition(topic: "operations", partition: number), reason: "reason \(number)")
        }
        #expect(state.waiting.map(\.reason) == ["reason 1", "reason 2", "reason 10"])
        state.setWaiting(TopicPartition(topic: "operations", partition: 2), reason: nil)
        #expect(state.waiting.map(\.partition.partition) == [1, 10])
        state.clearWaiting()
        #expect(state.waiting.isEmpty)
    }

    @Test("a component is unknown, then unreachable with the reason, then reachable; the last error stays")
    func reachable() {
        let state = ServiceState()
        #expect(state.isReachable(.database) == nil && state.problem(of: .database) == nil && state.lastError == nil)
        state.setReachable(.database, problem: "refused")
        #expect(state.isReachable(.database) == false && state.problem(of: .database) == "refused")
        state.setReachable(.database, problem: nil)
        #expect(state.isReachable(.database) == true && state.problem(of: .database) == nil)
        #expect(state.lastError?.message == "refused")
        state.recordError("another")
        #expect(state.lastError?.message == "another")
    }
}
