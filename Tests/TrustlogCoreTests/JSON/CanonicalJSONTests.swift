import Testing

@testable import TrustlogCore

@Suite("RFC 8785")
struct CanonicalJSONTests {
    /// RFC 8785, appendix B.
    static let numbers: [(UInt64, String)] = [
        (0x0000_0000_0000_0000, "0"), (0x8000_0000_0000_0000, "0"), (0x0000_0000_0000_0001, "5e-324"),
        (0x8000_0000_0000_0001, "-5e-324"), (0x7FEF_FFFF_FFFF_FFFF, "1.7976931348623157e+308"),
        (0xFFEF_FFFF_FFFF_FFFF, "-1.7976931348623157e+308"), (0x4340_0000_0000_0000, "9007199254740992"),
        (0xC340_0000_0000_0000, "-9007199254740992"), (0x4430_0000_0000_0000, "295147905179352830000"),
        (0x44B5_2D02_C7E1_4AF5, "9.999999999999997e+22"), (0x44B5_2D02_C7E1_4AF6, "1e+23"),
        (0x44B5_2D02_C7E1_4AF7, "1.0000000000000001e+23"), (0x444B_1AE4_D6E2_EF4E, "999999999999999700000"),
        (0x444B_1AE4_D6E2_EF4F, "999999999999999900000"), (0x444B_1AE4_D6E2_EF50, "1e+21"),
        (0x3EB0_C6F7_A0B5_ED8C, "9.999999999999997e-7"), (0x3EB0_C6F7_A0B5_ED8D, "0.000001"),
        (0x41B3_DE43_5555_5553, "333333333.3333332"), (0x41B3_DE43_5555_5554, "333333333.33333325"),
        (0x41B3_DE43_5555_5555, "333333333.3333333"), (0x41B3_DE43_5555_5556, "333333333.3333334"),
        (0x41B3_DE43_5555_5557, "333333333.33333343"), (0xBECB_F647_612F_3696, "-0.0000033333333333333333"),
        (0x4314_3FF3_C1CB_0959, "1424953923781206.2"),
    ]

    @Test("numbers are written as appendix B has them", arguments: numbers)
    func number(bits: UInt64, expected: String) {
        var text: [UInt8] = []
        text.append(ecmaScript: Double(bitPattern: bits))
        #expect(String(decoding: text, as: UTF8.self) == expected)
    }

    @Test("any double is written with the fewest digits that read back as it")
    func randomNumbers() {
        var generator = SeededGenerator(seed: 8785)
        for round in 0..<20_000 {
            var value = Double(bitPattern: generator.next())
            if round % 2 == 0 { value = Double(Int64(truncatingIfNeeded: generator.next()) >> 20) / 1000 }
            guard value.isFinite else { continue }
            var text: [UInt8] = []
            text.append(ecmaScript: value)
            #expect(String(decoding: text, as: UTF8.self) == referenceNumber(value))
        }
    }

    @Test(
        "literals take the nearest double and its canonical form",
        arguments: [
            ("-0", "0"), ("-0.0e5", "0"), ("1.0", "1"), ("1E2", "100"), ("1e-400", "0"), ("-1e-400", "0"),
            ("0.1e1", "1"), ("9007199254740991", "9007199254740991"), ("-9007199254740991", "-9007199254740991"),
            ("123456789012345.5", "123456789012345.5"), ("9007199254740993.0", "9007199254740992"),
            ("1e20", "100000000000000000000"), ("1e21", "1e+21"), ("0.000001", "0.000001"), ("1e-7", "1e-7"),
            ("2.2250738585072011e-308", "2.225073858507201e-308"),
            ("1.7976931348623158e308", "1.7976931348623157e+308"),
        ])
    func literal(json: String, expected: String) throws {
        #expect(try canonical(json) == expected)
    }

    @Test("literals of any length take the nearest double")
    func longLiterals() throws {
        #expect(try canonical("0." + String(repeating: "7", count: 500_000)) == "0.7777777777777778")
        // Exactly between two doubles: to the even one, but for a last digit far behind.
        let half = "1.00000000000000011102230246251565404236316680908203125"
        #expect(try canonical(half) == "1")
        #expect(try canonical(half + String(repeating: "0", count: 50_000) + "1") == "1.0000000000000002")
    }

    @Test("names are sorted by UTF-16 code units: the example of section 3.2.3")
    func sorting() throws {
        let json = #"""
            {"\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
             "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis"}
            """#
        let expected =
            "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u{80}\":\"Control\","
            + "\"\u{f6}\":\"Latin Small Letter O With Diaeresis\",\"\u{20ac}\":\"Euro Sign\","
            + "\"\u{1F600}\":\"Emoji: Grinning Face\",\"\u{fb33}\":\"Hebrew Letter Dalet With Dagesh\"}"
        #expect(Array(try canonical(json).utf8) == Array(expected.utf8))
    }

    @Test("the example of section 3.2.2 comes out as the RFC prints it")
    func example() throws {
        let json = #"""
            { "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
              "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false] }
            """#
        let expected =
            #"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"#
            + "\"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}"
        #expect(Array(try canonical(json).utf8) == Array(expected.utf8))
    }

    @Test("the order of UTF-16 is the one that Swift's own UTF-16 view has")
    func order() {
        var generator = SeededGenerator(seed: 16)
        let alphabet: [Unicode.Scalar] = [
            "a", "\u{7F}", "\u{80}", "\u{D7FF}", "\u{E000}", "\u{FFFF}", "\u{10000}", "\u{10FFFF}",
        ]
        for _ in 0..<5000 {
            var texts: [String] = []
            for _ in 0..<2 {
                var text = ""
                for _ in 0..<Int.random(in: 0...3, using: &generator) {
                    text.unicodeScalars.append(alphabet.randomElement(using: &generator)!)
                }
                texts.append(text)
            }
            let expected = Array(texts[0].utf16).lexicographicallyPrecedes(Array(texts[1].utf16))
            let result = texts[0].utf8.span.precedesInUTF16(texts[1].utf8.span)
            #expect(result == expected)
        }
    }

    @Test("strings of every length around the word size are scanned to their end")
    func lengths() throws {
        for count in 0...40 {
            for special in ["", "\\n", "\\\"", "é", "\u{1F600}"] {
                for at in 0...count {
                    let text =
                        "\"" + String(repeating: "x", count: at) + special + String(repeating: "y", count: count - at)
                        + "\""
                    #expect(try canonical(text) == text)
                }
            }
        }
    }
}
