/// One operation on a digital object, as an application reports it (contract, section 1).
///
/// A value of this type that came from ``OperationDecoder`` or from a store keeps every rule of the contract. Text is
/// compared byte by byte everywhere: Swift's own `==` on strings is by canonical equivalence, so compare the UTF-8 of two
/// identifiers (see ``ExactText``), never the strings.
public struct Operation: Sendable {
    /// The stable identity, 1-128 bytes, without control characters; unique, compared byte by byte.
    public var opId: String
    /// When the operation happened, in UTC, cut to microseconds.
    public var timestamp: Timestamp
    /// The protocol that reported it, for example `IRP`; 1-64 bytes.
    public var opSource: String
    /// What was done, for example `OC_REGISTER`; 1-64 bytes.
    public var opType: String
    /// 1-256 bytes.
    public var doPrefix: String
    /// 1-256 bytes.
    public var doRepository: String
    /// The digital object's identifier, 1-512 bytes; the key of the published message.
    public var doid: String
    /// 1-256 bytes.
    public var producerId: String
    /// 1-256 bytes.
    public var opActor: String
    /// 0-256 bytes; `nil` where it is absent or null.
    public var requestBodyHash: String?
    /// 0-256 bytes; `nil` where it is absent or null.
    public var responseBodyHash: String?
    /// IPv4 or IPv6 text as written, at most 45 bytes, without a zone; `nil` where it is absent or null.
    public var clientIp: String?
    /// IPv4 or IPv6 text as written, at most 45 bytes, without a zone; `nil` where it is absent or null.
    public var serverIp: String?
    /// All members that the contract does not name, as one JSON object in RFC 8785 form of at most 64 KiB; `nil` if none.
    public var extra: String?

    public init(
        opId: String, timestamp: Timestamp, opSource: String, opType: String, doPrefix: String, doRepository: String,
        doid: String, producerId: String, opActor: String, requestBodyHash: String? = nil,
        responseBodyHash: String? = nil, clientIp: String? = nil, serverIp: String? = nil, extra: String? = nil
    ) {
        self.opId = opId
        self.timestamp = timestamp
        self.opSource = opSource
        self.opType = opType
        self.doPrefix = doPrefix
        self.doRepository = doRepository
        self.doid = doid
        self.producerId = producerId
        self.opActor = opActor
        self.requestBodyHash = requestBodyHash
        self.responseBodyHash = responseBodyHash
        self.clientIp = clientIp
        self.serverIp = serverIp
        self.extra = extra
    }
}
