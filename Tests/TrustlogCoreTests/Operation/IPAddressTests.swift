import Glibc
import Testing

@testable import TrustlogCore

@Suite("IP addresses")
struct IPAddressTests {
    static func accepts(_ text: String) -> Bool {
        IPAddress.isValid(text.utf8.span)
    }

    static func systemAccepts(_ text: String) -> Bool {
        var buffer = in6_addr()
        return inet_pton(AF_INET, text, &buffer) == 1 || inet_pton(AF_INET6, text, &buffer) == 1
    }

    @Test(
        "these are addresses",
        arguments: [
            "0.0.0.0", "255.255.255.255", "192.0.2.1", "::", "::1", "1::", "2001:DB8::8a2e:370:7334", "1:2:3:4:5:6:7:8",
            "::ffff:192.0.2.1", "1:2:3:4:5:6:192.0.2.1", "0000:0000:0000:0000:0000:ffff:255.255.255.255",
            "1:2:3:4:5:6:7::",
            "::2:3:4:5:6:7:8",
        ])
    func valid(text: String) {
        #expect(Self.accepts(text))
        #expect(Self.systemAccepts(text))
    }

    @Test(
        "these are not",
        arguments: [
            "", " ", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.04", "1.2.3.4 ", "1.2.3.4:80", "0x1.2.3.4",
            "1..2.3",
            ":", ":::", "1:", ":1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "g::", "fe80::1%eth0",
            "::1.2.3", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3.4:5", "[::1]", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8",
            "1.2.3.4::",
            "192.0.2.1/24", "localhost", "１.2.3.4",
        ])
    func invalid(text: String) {
        #expect(!Self.accepts(text))
        #expect(!Self.systemAccepts(text))
    }

    @Test("any text is judged as inet_pton judges it")
    func random() {
        var generator = SeededGenerator(seed: 4291)
        let parts = [
            "0", "1", "9", "25", "255", "256", "00", "f", "ffff", "12345", ":", ":", ":", "::", ".", ".", ".", "%",
        ]
        for _ in 0..<50_000 {
            var text = ""
            for _ in 0..<Int.random(in: 1...16, using: &generator) { text += parts.randomElement(using: &generator)! }
            #expect(Self.accepts(text) == Self.systemAccepts(text), "\(text)")
        }
    }
}
