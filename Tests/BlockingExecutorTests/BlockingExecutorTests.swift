import BlockingExecutor
import CSystem
import Glibc
import Synchronization
import Testing

private actor Pinned {
    nonisolated let executor: BlockingExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    private(set) var seen: [Int] = []

    init(name: String = "pinned") {
        executor = BlockingExecutor(name: name)
    }

    func record(_ number: Int) -> Bool {
        seen.append(number)
        return executor.isCurrent
    }

    func threadName() -> String {
        var name = [CChar](repeating: 0, count: 16)
        pthread_getname_np(pthread_self(), &name, name.count)
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Blocks its thread until the wake closure has run.
    func blockUntilWoken(_ gate: ConditionLock<Bool>) -> Bool {
        gate.wait(timeout: .seconds(30)) { $0 }
    }
}

@Suite("BlockingExecutor")
struct BlockingExecutorTests {
    @Test("every job of an actor runs on the executor's own thread, in order")
    func jobsRunInOrder() async {
        let actor = Pinned()
        for number in 0..<1_000 {
            #expect(await actor.record(number))
        }
        #expect(await actor.seen == Array(0..<1_000))
        #expect(!actor.executor.isCurrent)
    }

    @Test("a name longer than Linux keeps is cut, not refused")
    func threadIsNamed() async {
        #expect(await Pinned(name: "a-name-longer-than-15-bytes").threadName() == "a-name-longer-t")
    }

    @Test("a job that arrives wakes a thread that blocks in a call which can be woken")
    func enqueueWakes() async {
        let actor = Pinned()
        let gate = ConditionLock(false)
        async let woken = actor.blockUntilWoken(gate)
        actor.executor.onEnqueue { gate.signal { $0 = true } }
        #expect(await actor.record(1))
        #expect(await woken)
    }

    @Test("a blocked executor holds nobody else up")
    func blockedThreadsAreIndependent() async {
        let gates = (0..<16).map { _ in ConditionLock(false) }
        let blocked = gates.map { gate in
            let actor = Pinned()
            return Task { await actor.blockUntilWoken(gate) }
        }
        #expect(await Pinned().record(1))
        for gate in gates { gate.signal { $0 = true } }
        for task in blocked { #expect(await task.value) }
    }

    @Test("executors and their threads go with their actors")
    func threadsEnd() async {
        weak var executor: BlockingExecutor?
        do {
            let actor = Pinned()
            #expect(await actor.record(1))
            executor = actor.executor
        }
        while executor != nil { await Task.yield() }
        #expect(executor == nil)
    }
}
