import Glibc
import Observability
import OperationStore

// Holds a store against its database's own C library: the same rows into the same table, in turn, several times.
//
//     StoreBenchmark URL [ROWS [ROUNDS]]

/// Swallows what is logged.
struct NoLogHandler: LogHandler {
    func log(level: Logger.Level, message: String, metadata: Logger.Metadata, label: String) {}
}

struct Sample {
    var bare = 0.0
    var store = 0.0
    var ratio: Double { store / bare }
}

func main() async throws {
    let arguments = CommandLine.arguments
    guard arguments.count > 1 else { throw BareError("usage: StoreBenchmark URL [ROWS [ROUNDS]]") }
    let rows = arguments.count > 2 ? Int(arguments[2]) ?? 100_000 : 100_000
    let rounds = arguments.count > 3 ? Int(arguments[3]) ?? 5 : 5
    let store = try StoreFactory.open(
        url: arguments[1], password: nil, options: StoreOptions(),
        logger: Logger(label: "benchmark", handler: NoLogHandler()))
    try await store.migrate()
    let bare = try BareDrivers.open(url: arguments[1])
    var ingest: [Sample] = []
    var acknowledge: [Sample] = []
    for round in 0..<rounds {
        let comparison = Comparison(rows: rows, round: round, store: store, bare: bare)
        var (ingested, acknowledged) = (Sample(), Sample())
        // Whoever goes first differs from round to round.
        for turn in 0..<2 {
            if (round + turn) % 2 == 0 {
                (ingested.bare, acknowledged.bare) = try comparison.measureBare()
            } else {
                (ingested.store, acknowledged.store) = try await comparison.measureStore()
            }
        }
        ingest.append(ingested)
        acknowledge.append(acknowledged)
    }
    await store.close()
    report("ingest", ingest)
    report("acknowledge", acknowledge)
}

func report(_ name: String, _ samples: [Sample]) {
    func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
    let bare = Int(median(samples.map(\.bare)))
    let store = Int(median(samples.map(\.store)))
    let ratios = samples.map { Int($0.ratio * 100) }.sorted()
    print(
        #"{"what": "\#(name)", "bareRowsPerSecond": \#(bare), "storeRowsPerSecond": \#(store), "percent": \#(ratios[ratios.count / 2]), "percentFrom": \#(ratios[0]), "percentTo": \#(ratios[ratios.count - 1])}"#
    )
}

do {
    try await main()
} catch {
    let text = Array("\(error)\n".utf8)
    _ = write(STDERR_FILENO, text, text.count)
    exit(1)
}
