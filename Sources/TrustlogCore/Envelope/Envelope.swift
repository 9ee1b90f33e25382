/// DSSE, version 1 (https://github.com/secure-systems-lab/dsse): how a record is signed and wrapped (contract, section 3).
package enum Envelope {
    /// The `payloadType` of a record.
    package static let payloadType = "application/vnd.trustlog.operation.v1+json"
    /// The header `content-type` of a message that holds an envelope.
    package static let contentType = "application/vnd.dsse.envelope.v1+json"

    /// The bytes that are signed: `DSSEv1 <size> <type> <size> <payload>`, sizes in bytes, so that neither the type nor
    /// the payload can be read as part of the other.
    package static func preAuthenticationEncoding(payloadType: String, payload: [UInt8]) -> [UInt8] {
        var message: [UInt8] = []
        message.reserveCapacity(payload.count + payloadType.utf8.count + 48)
        message.append("DSSEv1 ")
        message.append(contentsOf: String(payloadType.utf8.count).utf8)
        message.append(UInt8(ascii: " "))
        message.append(contentsOf: payloadType.utf8)
        message.append(UInt8(ascii: " "))
        message.append(contentsOf: String(payload.count).utf8)
        message.append(UInt8(ascii: " "))
        message.append(contentsOf: payload)
        return message
    }
}
