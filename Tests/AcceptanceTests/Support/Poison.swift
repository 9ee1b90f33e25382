import TrustlogTestKit

/// A message that is no operation, and where the contract (sections 1 and 5) says that it ends.
struct Poison: Sendable {
    let name: String
    let value: [UInt8]?
    let headers: [(String, String)]
    /// The code of section 1.
    let code: String
    /// The field that the dead letter names; nil where the contract names none.
    let field: String?

    init(
        _ name: String, _ value: [UInt8]?, headers: [(String, String)] = [], code: String = "malformed",
        field: String? = nil
    ) {
        (self.name, self.value, self.headers, self.code, self.field) = (name, value, headers, code, field)
    }

    init(_ name: String, _ text: String, headers: [(String, String)] = [], code: String, field: String? = nil) {
        self.init(name, Array(text.utf8), headers: headers, code: code, field: field)
    }

    /// An operation with some members replaced, added or (nil) left out; values are JSON.
    static func operation(_ opId: String, _ changes: [(String, String?)] = []) -> String {
        var members: [(name: String, json: String)] = [
            ("opId", "\"\(opId)\""), ("timestamp", #""2026-03-01T12:00:00.123456Z""#), ("opSource", #""IRP""#),
            ("opType", #""OC_REGISTER""#), ("doPrefix", #""86.1000""#), ("doRepository", #""86.1000/r""#),
            ("doid", "\"86.1000/\(opId)\""), ("producerId", #""p""#), ("opActor", #""a""#),
        ]
        for (name, json) in changes {
            let index = members.firstIndex { $0.name == name }
            switch (index, json) {
            case (let index?, let json?): members[index].json = json
            case (let index?, nil): members.remove(at: index)
            case (nil, let json?): members.append((name, json))
            case (nil, nil): break
            }
        }
        return "{" + members.map { "\"\($0.name)\":\($0.json)" }.joined(separator: ",") + "}"
    }

    static let cloudEvent = ("content-type", "application/cloudevents+json; charset=UTF-8")

    static let all: [Poison] = [
        Poison("not JSON", "not json", code: "malformed"),
        Poison("empty", [], code: "malformed"),
        Poison("a tombstone", nil, code: "malformed"),
        Poison("invalid UTF-8", [0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D]),
        Poison("a byte order mark", "\u{FEFF}" + operation("bom"), code: "malformed"),
        Poison("an array", "[\(operation("array"))]", code: "malformed"),
        Poison("something after the object", operation("trailing") + "{}", code: "malformed"),
        Poison("cut off", String(operation("cut").dropLast()), code: "malformed"),
        Poison(
            "a duplicate key", operation("twice").dropLast() + #","doid":"other"}"#, code: "malformed", field: "doid"),
        Poison(
            "a duplicate key deep inside", operation("deep", [("x", #"{"a":[{"k":1,"k":2}]}"#)]), code: "malformed",
            field: "k"),
        Poison("a lone surrogate", operation("surrogate", [("opActor", #""\ud800""#)]), code: "malformed"),
        Poison(
            "65 levels", operation("levels", [("x", nested(64))]), code: "malformed"),
        Poison("a missing field", operation("missing", [("doid", nil)]), code: "invalid", field: "doid"),
        Poison("a wrong type", operation("type", [("opType", "7")]), code: "invalid", field: "opType"),
        Poison(
            "null for a required field", operation("null", [("opSource", "null")]), code: "invalid", field: "opSource"),
        Poison(
            "a bad timestamp", operation("time", [("timestamp", #""2026-02-30T00:00:00Z""#)]), code: "invalid",
            field: "timestamp"),
        Poison(
            "a leap second", operation("leap", [("timestamp", #""2016-12-31T23:59:60Z""#)]), code: "invalid",
            field: "timestamp"),
        Poison("a bad IP", operation("ip", [("clientIp", #""10.0.0.256""#)]), code: "invalid", field: "clientIp"),
        Poison("an empty IP", operation("ip0", [("serverIp", #""""#)]), code: "invalid", field: "serverIp"),
        Poison("an empty opId", operation("", [("doid", #""d""#)]), code: "invalid", field: "opId"),
        Poison(
            "an opId of 129 bytes", operation(String(repeating: "x", count: 129), [("doid", #""d""#)]), code: "invalid",
            field: "opId"),
        Poison(
            "a control character in opId", operation(#"a\u0007b"#, [("doid", #""d""#)]), code: "invalid", field: "opId"),
        Poison("U+0000 in a column", operation("nul", [("opActor", #""a\u0000""#)]), code: "invalid", field: "opActor"),
        Poison("an integer beyond 2^53", operation("big", [("n", "9007199254740992")]), code: "invalid", field: "n"),
        Poison("a number that overflows", operation("over", [("n", "1e400")]), code: "invalid", field: "n"),
        Poison(
            "too many unknown fields", operation("extra", [("x", "\"\(String(repeating: "x", count: 65_536))\"")]),
            code: "invalid", field: "x"),
        Poison(
            "two faults: the first of the table is named", operation("two", [("doid", nil), ("opSource", "1")]),
            code: "invalid", field: "opSource"),
        Poison(
            "a CloudEvent without data", #"{"specversion":"1.0","id":"1","source":"/s","type":"t"}"#,
            headers: [cloudEvent], code: "malformed"),
        Poison(
            "a CloudEvent with bad data",
            #"{"specversion":"1.0","id":"1","source":"/s","type":"t","data":\#(operation("ced", [("doid", "1")]))}"#,
            headers: [cloudEvent], code: "invalid", field: "doid"),
    ]

    /// That many arrays in each other.
    static func nested(_ levels: Int) -> String {
        String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
    }
}
