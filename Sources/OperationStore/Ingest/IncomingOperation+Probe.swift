import TrustlogCore

extension IncomingOperation {
    /// A row that nothing is wrong with, inserted and rolled back where no other row was accepted: if the database takes it,
    /// the refusal of a row is the row's own, else everybody's (a column that somebody added, a trigger).
    static func probe() -> IncomingOperation {
        let random = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))
        return IncomingOperation(
            operation: Operation(
                opId: "trustlog-probe-\(String(random.0, radix: 16))-\(String(random.1, radix: 16))",
                timestamp: .now(), opSource: "IRP", opType: "OC_REGISTER", doPrefix: "86.1000",
                doRepository: "86.1000/repository", doid: "86.1000/probe", producerId: "trustlog",
                opActor: "trustlog"),
            source: nil, headers: nil)
    }
}
