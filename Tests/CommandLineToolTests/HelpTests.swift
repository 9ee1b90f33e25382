import CommandLineTool
import Testing

@Suite("Help")
struct HelpTests {
    private let rootHelp = """
        Does things with records.

        Usage: tool COMMAND [OPTIONS]

        The first paragraph is long enough that it has to be broken into more than one
        line of the help text.

          exactly   as
          it stands

        Work:
          replay  Publish again.

        Keys:
          keys    Make keys.

        Options:
              --config FILE    Settings file.
              --set KEY=VALUE  Set one setting. (repeatable)
              --version        Print the version.
          -h, --help           Show this help.

        """

    private let replayHelp = """
        Publish again.

        Usage: tool replay --from POSITION [--rate N] [-n] [-v] [-o FORMAT]

        Options:
              --from POSITION  Where to start. (required)
              --rate N         Records a second at most.
          -n, --dry-run        Only say what would be done.
          -v, --verbose        Say more.
          -o, --output FORMAT  How to write it. (text, json, jsonl; default: text)
          -h, --help           Show this help.

        Global options:
              --config FILE    Settings file.
              --set KEY=VALUE  Set one setting. (repeatable)

        """

    @Test(
        "the root's help lists what there is", arguments: [["--help"], ["-h"], ["help"], ["--config", "x", "--help"]])
    func root(words: [String]) async {
        #expect(await help(words) == rootHelp)
    }

    @Test(
        "a command's help shows its own options and those of the levels above",
        arguments: [
            ["replay", "--help"], ["replay", "-h"], ["help", "replay"], ["replay", "--rate", "3", "--help"],
        ])
    func command(words: [String]) async {
        #expect(await help(words) == replayHelp)
    }

    @Test(
        "help reaches every level",
        arguments: [["keys", "make", "--help"], ["help", "keys", "make"], ["keys", "help", "make"]])
    func nested(words: [String]) async {
        #expect(
            await help(words).contains(
                "Usage: tool keys make FILE [EXTRA...]\n\nArguments:\n  FILE   The file to write.\n"))
    }

    @Test("long texts are wrapped under their column")
    func wrapping() {
        let option = Option<String?>(
            "a-rather-long-name", valueName: "WITH-A-LONG-VALUE", help: String(repeating: "word ", count: 30))
        let command = Command("x", abstract: "X.", parameters: [option]) { _, _ in .success }
        let text = HelpText(path: [command], width: 60).render()
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 60 })
        #expect(
            text.contains(
                "\n      --a-rather-long-name WITH-A-LONG-VALUE\n" + String(repeating: " ", count: 30) + "word"))
    }

    @Test("the version is printed with the program's name")
    func version() async {
        let outcome = await Sample.run("--version")
        #expect(outcome.output == "tool 1.2.3\n")
        #expect(outcome.code == .success)
    }

    private func help(_ words: [String]) async -> String {
        let (output, error) = (CapturedStream(), CapturedStream())
        let code = await Sample.root.main(words, terminal: Terminal(output: output, error: error))
        #expect(code == .success)
        #expect(error.text.isEmpty)
        return output.text
    }
}
