import Testing
import TrustlogTestKit

/// The promises of the contract, tried from the outside on the built program. One test at a time: each has a process of its
/// own under load, and a machine of two cores carries one of them.
@Suite("Acceptance", .serialized, .requires(Sidecar.requirements))
enum AcceptanceSuite {}
