import Glibc
import TrustlogCore

/// Verifies many envelopes on all cores: a signature takes some 50 us.
struct ParallelVerifier: Sendable {
    struct Remark: Sendable {
        var place: Evidence.Place
        var reason: String
    }

    /// In the order of the evidence.
    struct Findings: Sendable {
        /// What is not valid.
        var failures: [Remark] = []
        /// What is valid, though its payload is no record as Trustlog writes it: the signature alone decides.
        var notRecords: [Remark] = []
    }

    private let verifier: EnvelopeVerifier
    private let width: Int

    init(keys: [PublicKey]) {
        verifier = EnvelopeVerifier(keys: keys)
        width = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    }

    func findings(in evidence: [Evidence]) async -> Findings {
        // Several parts a core, as some take longer than others.
        let size = max(1, (evidence.count + width * 4 - 1) / (width * 4))
        let parts = stride(from: 0, to: evidence.count, by: size).map { start in
            evidence[start..<min(start + size, evidence.count)]
        }
        return await withTaskGroup(of: (Int, Findings).self) { group in
            for (index, part) in parts.enumerated() {
                group.addTask { (index, part.reduce(into: Findings()) { check($1, &$0) }) }
            }
            var found = [Findings](repeating: Findings(), count: parts.count)
            for await (index, findings) in group { found[index] = findings }
            return found.reduce(into: Findings()) { all, part in
                all.failures += part.failures
                all.notRecords += part.notRecords
            }
        }
    }

    private func check(_ evidence: Evidence, _ findings: inout Findings) {
        switch evidence.content {
        case .unfit(let reason): findings.failures.append(Remark(place: evidence.place, reason: reason))
        case .envelope(let bytes):
            let payload: [UInt8]
            do {
                payload = try verifier.verifySignature(bytes).payload
            } catch {
                return findings.failures.append(Remark(place: evidence.place, reason: error.description))
            }
            do {
                _ = try Record.decode(payload)
            } catch {
                findings.notRecords.append(Remark(place: evidence.place, reason: error.description))
            }
        }
    }
}
