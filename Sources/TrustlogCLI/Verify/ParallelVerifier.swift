import Glibc
import TrustlogCore

/// Verifies many envelopes on all cores: a signature takes some 50 us.
struct ParallelVerifier: Sendable {
    struct Failure: Sendable {
        var place: Evidence.Place
        var reason: String
    }

    private let verifier: EnvelopeVerifier
    private let width: Int

    init(keys: [PublicKey]) {
        verifier = EnvelopeVerifier(keys: keys)
        width = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    }

    /// Those that are not valid, in the order of `evidence`.
    func failures(in evidence: [Evidence]) async -> [Failure] {
        // Several parts a core, as some take longer than others.
        let size = max(1, (evidence.count + width * 4 - 1) / (width * 4))
        let parts = stride(from: 0, to: evidence.count, by: size).map { start in
            evidence[start..<min(start + size, evidence.count)]
        }
        return await withTaskGroup(of: (Int, [Failure]).self) { group in
            for (index, part) in parts.enumerated() {
                group.addTask { (index, part.compactMap(failure)) }
            }
            var found = [[Failure]](repeating: [], count: parts.count)
            for await (index, failures) in group { found[index] = failures }
            return found.flatMap { $0 }
        }
    }

    private func failure(_ evidence: Evidence) -> Failure? {
        switch evidence.content {
        case .unfit(let reason): return Failure(place: evidence.place, reason: reason)
        case .envelope(let bytes):
            do {
                _ = try verifier.verify(bytes)
                return nil
            } catch {
                return Failure(place: evidence.place, reason: error.description)
            }
        }
    }
}
