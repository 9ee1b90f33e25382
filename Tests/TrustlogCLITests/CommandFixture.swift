import CommandLineTool
import TrustlogCLI

struct Outcome {
    var code: Int32
    var output: String
    var error: String
}

/// Runs a command line of the program in this process.
func trustlog(_ words: String..., environment: [String: String] = [:]) async -> Outcome {
    let (output, error) = (CapturedStream(), CapturedStream())
    let code = await RootCommand.command.main(
        words, terminal: Terminal(output: output, error: error, environment: environment))
    return Outcome(code: code.rawValue, output: output.text, error: error.text)
}
