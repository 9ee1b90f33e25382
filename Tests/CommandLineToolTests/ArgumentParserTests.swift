import CommandLineTool
import Testing

@Suite("Reading a command line")
struct ArgumentParserTests {
    @Test("values are read in every spelling that GNU knows")
    func spellings() async {
        let expected = "from=x rate=5 dry=true verbose=true output=json config=c set=[\"a=1\", \"b=2\"]\n"
        let lines: [[String]] = [
            [
                "replay", "--from", "x", "--rate", "5", "-nv", "-o", "json", "--config", "c", "--set", "a=1", "--set",
                "b=2",
            ],
            ["--config=c", "--set=a=1", "replay", "--from=x", "--rate=5", "-v", "-n", "-ojson", "--set=b=2"],
            ["--config", "c", "--set", "a=1", "--set", "b=2", "replay", "--from=x", "--rate=5", "-vno=json"],
        ]
        for line in lines {
            let (output, error) = (CapturedStream(), CapturedStream())
            let code = await Sample.root.main(line, terminal: Terminal(output: output, error: error))
            #expect(code == .success)
            #expect(output.text == expected)
            #expect(error.text.isEmpty)
        }
    }

    @Test("what is left out takes its default")
    func defaults() async {
        let outcome = await Sample.run("replay", "--from", "x")
        #expect(outcome.output == "from=x rate=none dry=false verbose=false output=text config=none set=[]\n")
    }

    @Test("of an option given twice the last holds")
    func lastHolds() async {
        #expect(await Sample.run("replay", "--from", "a", "--from", "b").output.hasPrefix("from=b "))
    }

    @Test("a value may look like an option or a command")
    func valuesThatLookLikeOptions() async {
        #expect(await Sample.run("--config", "keys", "replay", "--from", "-").output.contains("from=- "))
        #expect(await Sample.run("replay", "--from", "-x").output.contains("from=-x "))
        #expect(await Sample.run("replay", "--from=--rate").output.contains("from=--rate "))
        #expect(await Sample.run("keys", "make", "--", "--help", "-").output == "file=--help extra=[\"-\"]\n")
    }

    @Test("the exit code is the command's")
    func exitCode() async {
        #expect(await Sample.run("keys", "make", "a", "b", "c").code == .evidence)
        #expect(ExitCode.usage.rawValue == 64 && ExitCode.unreachable.rawValue == 69)
        #expect(ExitCode.configuration.rawValue == 78 && ExitCode.evidence.rawValue == 2)
    }

    @Test(
        "a wrong command line is exit 64 and says what is wrong, what was meant, and how it goes",
        arguments: [
            (["repaly"], "error: unknown command 'repaly'\n       did you mean 'replay'?\nUsage: tool COMMAND"),
            (["zzz"], "error: unknown command 'zzz'\nUsage: tool COMMAND"),
            ([], "error: a command is missing\nUsage: tool COMMAND"),
            (["keys"], "error: a command is missing behind 'tool keys'\nUsage: tool keys COMMAND"),
            (
                ["replay", "--form", "x"],
                "error: unknown option '--form'\n       did you mean '--from'?\nUsage: tool replay"
            ),
            (["replay", "-x"], "error: unknown option '-x'\nUsage: tool replay"),
            (["replay"], "error: --from is missing\nUsage: tool replay --from POSITION"),
            (["replay", "--from"], "error: --from needs a value: POSITION\n"),
            (["replay", "--from", "--dry-run"], "error: --from needs a value: POSITION\n"),
            (["replay", "--from", "x", "--rate", "fast"], "error: --rate: 'fast' is not an integer\n"),
            (["replay", "--from", "x", "--dry-run=yes"], "error: --dry-run takes no value\n"),
            (
                ["replay", "--from", "x", "-o", "jsno"],
                "error: --output: 'jsno' is not one of text, json, jsonl\n       did you mean 'json'?\n"
            ),
            (["replay", "--from", "x", "y"], "error: unexpected argument 'y'\n"),
            (
                ["keys", "make"],
                "error: FILE is missing\nUsage: tool keys make FILE [EXTRA...]\nSee 'tool keys make --help'."
            ),
            (
                ["keys", "refuse"],
                "error: --from lies behind --to\nUsage: tool keys refuse\nSee 'tool keys refuse --help'."
            ),
            (["help", "kyes"], "error: unknown command 'kyes'\n       did you mean 'keys'?\n"),
        ])
    func usageErrors(words: [String], message: String) async {
        let (output, error) = (CapturedStream(), CapturedStream())
        let code = await Sample.root.main(words, terminal: Terminal(output: output, error: error))
        #expect(code == .usage)
        #expect(output.text.isEmpty)
        #expect(error.text.hasPrefix(message), "\(error.text)")
    }

    @Test("a command's error shows reason and hint, and cannot drive the terminal")
    func commandErrors() async {
        let outcome = await Sample.run("keys", "fail")
        #expect(outcome.code == .unreachable)
        #expect(outcome.error == "error: the broker is away\\u{1b}[2J\nhint: start it\n")
    }

    @Test(
        "a near word is suggested, a far one is not",
        arguments: [
            ("statsu", "status"), ("stat", nil), ("verfiy", "verify"), ("x", nil), ("", nil), ("replays", "replay"),
        ] as [(String, String?)])
    func suggestions(word: String, expected: String?) {
        #expect(closest(to: word, among: ["status", "verify", "replay", "tail"]) == expected)
    }
}
