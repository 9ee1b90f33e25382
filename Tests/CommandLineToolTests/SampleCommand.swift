import CommandLineTool

/// A small program with everything that a declaration can say; what ran is told by its output.
enum Sample {
    static let config = Option<String?>("config", valueName: "FILE", help: "Settings file.", completion: .file)
    static let set = Option<[String]>("set", valueName: "KEY=VALUE", help: "Set one setting.")
    static let from = Option<String>("from", valueName: "POSITION", help: "Where to start.")
    static let rate = Option<Int?>("rate", valueName: "N", help: "Records a second at most.")
    static let dryRun = Flag("dry-run", short: "n", help: "Only say what would be done.")
    static let verbose = Flag("verbose", short: "v", help: "Say more.")
    static let file = Argument<String>("FILE", help: "The file to write.", completion: .file)
    static let extra = Argument<[String]>("EXTRA", help: "More of them.")

    static let root = Command(
        "tool", abstract: "Does things with records.",
        discussion: """
            The first paragraph is long enough that it has to be broken into more than one line of the help text.

              exactly   as
              it stands
            """,
        version: "1.2.3", parameters: [config, set],
        subcommands: [
            Command(
                "replay", abstract: "Publish again.", group: "Work",
                parameters: [from, rate, dryRun, verbose, OutputFormat.option]
            ) { arguments, terminal in
                terminal.writeLine(
                    "from=\(arguments[from]) rate=\(arguments[rate].map(String.init) ?? "none")"
                        + " dry=\(arguments[dryRun]) verbose=\(arguments[verbose])"
                        + " output=\(arguments[OutputFormat.option].rawValue)"
                        + " config=\(arguments[config] ?? "none") set=\(arguments[set])")
                return .success
            },
            Command(
                "keys", abstract: "Make keys.", group: "Keys",
                subcommands: [
                    Command("make", abstract: "Make one.", parameters: [file, extra]) { arguments, terminal in
                        terminal.writeLine("file=\(arguments[file]) extra=\(arguments[extra])")
                        return .evidence
                    },
                    Command("fail", abstract: "Fail.") { _, _ in
                        throw CommandError(.unreachable, "the broker is away\u{1B}[2J", hint: "start it")
                    },
                    Command("refuse", abstract: "Refuse.") { _, _ in
                        throw ValidationError("--from lies behind --to")
                    },
                ]),
        ])

    struct Outcome {
        var code: ExitCode
        var output: String
        var error: String
    }

    static func run(_ words: String..., environment: [String: String] = [:]) async -> Outcome {
        let (output, error) = (CapturedStream(), CapturedStream())
        let code = await root.main(
            words, terminal: Terminal(output: output, error: error, environment: environment))
        return Outcome(code: code, output: output.text, error: error.text)
    }
}
