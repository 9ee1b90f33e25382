import Testing

@testable import TrustlogCore

@Suite("UUIDs of messages")
struct MessageUUIDTests {
    @Test(
        "a UUID is copied as written",
        arguments: [
            "6ba7b811-9dad-11d1-80b4-00c04fd430c8", "6BA7B811-9DAD-11D1-80B4-00C04FD430C8",
            "00000000-0000-0000-0000-000000000000",
        ])
    func copied(opId: String) {
        #expect(MessageUUID.string(for: opId) == opId)
    }

    @Test(
        "anything else becomes the version 5 UUID that Python's uuid5(NAMESPACE_URL, …) gives",
        arguments: [
            ("op-1", "04a07293-2186-5480-8cc5-f0263f46a61a"),
            ("http://www.example.com/", "fcde3c85-2270-590f-9e7c-ee003d65e0e2"),
            ("é日😀", "a8c807f1-d78c-5871-9dee-93659c6fa768"),
            ("{6ba7b811-9dad-11d1-80b4-00c04fd430c8}", "41d39bca-4229-5d2c-969e-2c8d1ec59418"),
            ("6ba7b8119dad11d180b400c04fd430c8", "55859669-9d25-5b7d-866c-d0e5ce7151dd"),
            ("6ba7b811-9dad-11d1-80b4-00c04fd430cg", "cccb0f62-2bb9-54aa-8b66-3a1b849e2da0"),
            ("6ba7b811-9dad-11d1-80b400c04fd430c8-", "8c96b0c9-5c3e-59d5-a4bc-a6fc7418ffe9"),
            ("6ba7b811-9dad-11d1-80b4-00c04fd430c8 ", "dc3f757c-cc95-5a81-92c3-fdd33555dce6"),
        ])
    func named(opId: String, expected: String) {
        #expect(MessageUUID.string(for: opId) == expected)
    }
}
