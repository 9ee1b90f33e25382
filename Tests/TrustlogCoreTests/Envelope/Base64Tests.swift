import Foundation
import Testing

@testable import TrustlogCore

@Suite("Base64")
struct Base64Tests {
    @Test("bytes of every length are written as Foundation writes them, and read back")
    func roundTrip() {
        var generator = SeededGenerator(seed: 4648)
        for count in 0..<300 {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let text = encodeBase64(bytes)
            #expect(text == Data(bytes).base64EncodedString())
            #expect(decodeBase64(text) == bytes)
            #expect(decodeBase64(text.replacing("=", with: "")) == bytes)
        }
    }

    @Test(
        "what is not base64 is refused",
        arguments: [
            "A", "A===", "AA=", "AAA==", "=", "==", "====", "AA==A", "A A=", "AA\n==", "AAA\u{0}", "AA*=", "AB==",
            "AAB=", "é",
        ])
    func refused(text: String) {
        #expect(decodeBase64(text) == nil)
    }
}
