import Testing

@testable import TrustlogAdmin

@Suite("health")
struct HealthTests {
    private let clock = FakeClock()

    private func registry(_ readiness: HealthRegistry.Readiness = .failOpen) -> HealthRegistry {
        HealthRegistry(readiness: readiness, clock: clock.health)
    }

    @Test("a loop that beats in time is alive, one that does not is not until it beats again")
    func heartbeat() {
        let registry = registry()
        let heartbeat = registry.heartbeat("ingest", deadline: .seconds(30))
        clock.advance(seconds: 30)
        #expect(registry.liveness().map(\.ok) == [true])
        heartbeat.beat()
        clock.advance(seconds: 31)
        #expect(
            registry.liveness() == [
                HealthCheck(
                    name: "ingest", ok: false, since: WallTime(microseconds: 1_767_323_105_000_000),
                    detail: "last heartbeat 31.0 s ago, 30.0 s are allowed: the loop is stuck")
            ])
        heartbeat.beat()
        clock.advance(seconds: 5)
        #expect(
            registry.liveness() == [
                HealthCheck(
                    name: "ingest", ok: true, since: WallTime(microseconds: 1_767_323_106_000_000),
                    detail: "last heartbeat 5.0 s ago")
            ])
    }

    @Test("since does not move while nothing changes, whatever the heartbeats")
    func sinceStands() {
        let registry = registry()
        let heartbeat = registry.heartbeat("ingest", deadline: .seconds(30))
        let began = registry.liveness().map(\.since)
        for _ in 0..<10 {
            clock.advance(seconds: 29)
            heartbeat.beat()
        }
        #expect(registry.liveness().map(\.since) == began)
    }

    @Test("a loop that says it will sleep longer is given the time, once")
    func longerWait() {
        let registry = registry()
        let heartbeat = registry.heartbeat("retry-worker", deadline: .seconds(30))
        heartbeat.beat(nextWithin: .seconds(600))
        clock.advance(seconds: 600)
        #expect(registry.liveness().hold)
        heartbeat.beat()
        clock.advance(seconds: 31)
        #expect(!registry.liveness().hold)
        heartbeat.beat(nextWithin: .seconds(Int64.max))
        clock.advance(seconds: 1_000_000)
        #expect(registry.liveness().hold)
    }

    @Test("one stuck loop among many fails liveness; a loop that ended is no part of it")
    func severalLoops() {
        let registry = registry()
        let stuck = registry.heartbeat("cursor-worker", deadline: .seconds(10))
        let other = registry.heartbeat("ingest", deadline: .seconds(100))
        clock.advance(seconds: 11)
        other.beat()
        #expect(registry.liveness().map(\.ok) == [false, true])
        #expect(registry.isUp("cursor-worker") == false)
        #expect(registry.isUp("ingest") == true)
        stuck.end()
        stuck.beat()
        #expect(registry.liveness().map(\.name) == ["ingest"])
        #expect(registry.isUp("cursor-worker") == nil)
    }

    @Test("several loops of one name are up only if all are")
    func sameName() {
        let registry = registry()
        let first = registry.heartbeat("cursor-worker", deadline: .seconds(10))
        _ = registry.heartbeat("cursor-worker", deadline: .seconds(10))
        clock.advance(seconds: 11)
        first.beat()
        #expect(registry.isUp("cursor-worker") == false)
    }

    @Test("liveness and fail-open readiness know nothing of broker and database")
    func failOpen() {
        let registry = registry(.failOpen)
        let broker = registry.dependency("broker")
        #expect(registry.readiness().map(\.ok) == [false])
        registry.markStarted()
        broker.lost("connection refused")
        #expect(registry.readiness().map(\.name) == ["startup"])
        #expect(registry.readiness().hold)
        #expect(registry.liveness().isEmpty)
        #expect(registry.isUp("broker") == false)
    }

    @Test("fail-closed readiness follows broker and database, and says since when and why")
    func failClosed() {
        let registry = registry(.failClosed)
        let broker = registry.dependency("broker")
        let database = registry.dependency("database")
        registry.markStarted()
        #expect(registry.readiness().map(\.ok) == [true, false, false])
        broker.reached()
        database.reached()
        #expect(registry.readiness().hold)
        clock.advance(seconds: 60)
        database.lost("connection refused")
        clock.advance(seconds: 60)
        database.lost("no route to host")
        #expect(
            registry.readiness().last
                == HealthCheck(
                    name: "database", ok: false, since: WallTime(microseconds: 1_767_323_105_000_000),
                    detail: "no route to host"))
        database.reached("postgresql://db/trustlog")
        #expect(registry.readiness().hold)
        #expect(registry.readiness().last?.since == WallTime(microseconds: 1_767_323_165_000_000))
    }

    @Test("before the start nothing is ready")
    func notStarted() {
        let registry = registry(.failClosed)
        registry.dependency("broker").reached()
        #expect(registry.readiness().map(\.ok) == [false, true])
        #expect(registry.startup().map(\.ok) == [false])
    }

    @Test("a step of the wall clock makes no loop late")
    func wallClockSteps() {
        let registry = registry()
        _ = registry.heartbeat("ingest", deadline: .seconds(30))
        clock.stepWallClock(seconds: 86_400)
        #expect(registry.liveness().hold)
    }

    @Test("a moment is written in UTC with six digits")
    func wallTime() {
        for (microseconds, text) in [
            (0, "1970-01-01T00:00:00.000000Z"), (951_782_400_000_001, "2000-02-29T00:00:00.000001Z"),
            (951_868_799_999_999, "2000-02-29T23:59:59.999999Z"),
            (1_767_323_045_000_000, "2026-01-02T03:04:05.000000Z"),
            (4_107_542_399_000_000, "2100-02-28T23:59:59.000000Z"),
            (4_107_542_400_000_000, "2100-03-01T00:00:00.000000Z"),
            (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"), (.max, "9999-12-31T23:59:59.999999Z"),
            (-1, "1970-01-01T00:00:00.000000Z"),
        ] as [(Int64, String)] {
            #expect(WallTime(microseconds: microseconds).rfc3339 == text)
        }
    }
}
