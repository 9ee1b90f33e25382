import CommandLineTool
import TrustlogCore

/// `trustlog verify [--key PUBLIC.pem]… [FILE…|--topic]`.
enum VerifyCommand {
    private static let keys = Option<[String]>(
        "key", valueName: "PUBLIC.pem", help: "A public key to verify with, instead of those of the settings.",
        completion: .file)
    private static let topic = Flag("topic", help: "Verify the whole output topic, as it is now.")
    private static let files = Argument<[String]>(
        "FILE", help: "Envelopes, one a line; '-' or none: standard input.", completion: .file)

    static let command: Command = Command(
        "verify", abstract: "Verify the signatures of envelopes.",
        discussion: """
            An envelope is valid if one of the keys verifies one of its signatures and its payloadType is that of records. \
            The signature alone decides: a payload that is no record as Trustlog writes it is told as a note on standard \
            error ('audit' compares the content with the table). Without --key the keys are those of signing.key-file, \
            signing.additional-key-files and verify.key-files. But for --topic it works offline.

            Exit code 0 if all are valid, 2 if one is not or there is none, 1 if a file that is named is missing, 78 without \
            a usable key.

            Examples:

              trustlog verify --key trustlog.key.pub envelopes.jsonl
              trustlog verify --topic -o json
            """,
        group: CommandGroup.records, parameters: [keys, topic, OutputFormat.option, TimeLimit.option, files]
    ) { arguments, terminal in
        if arguments[topic], !arguments[files].isEmpty {
            throw ValidationError("--topic and FILE exclude each other")
        }
        let settings = try neededSettings(arguments, terminal)
        let verifier = ParallelVerifier(keys: try verificationKeys(arguments, settings))
        let report: VerifyReport
        if arguments[topic] {
            report = try await verifyTopic(verifier, settings, arguments, terminal)
        } else {
            let lines = LineEvidence(paths: arguments[files])
            report = try await verify(lines, verifier, arguments, terminal) { _ in }
        }
        guard report.valid + report.invalid > 0 else {
            throw CommandError(.evidence, "there was nothing to verify")
        }
        return report.invalid == 0 ? .success : .evidence
    }

    /// With keys and files of its own the command needs no settings: whoever checks evidence may have none.
    private static func neededSettings(_ arguments: ParsedArguments, _ terminal: Terminal) throws -> Settings {
        if arguments[topic] { return try GlobalOptions.loadSettings(arguments, terminal, for: .readOutput).settings }
        return arguments[keys].isEmpty ? try GlobalOptions.loadSettings(arguments, terminal).settings : Settings()
    }

    private static func verificationKeys(_ arguments: ParsedArguments, _ settings: Settings) throws -> [PublicKey] {
        if !arguments[keys].isEmpty {
            return try arguments[keys].map { try KeyFiles.loadPublic($0, missing: .failure) }
        }
        let found = try KeyFiles.verificationKeys(settings)
        guard !found.isEmpty else {
            throw CommandError(
                .configuration, "there is no key to verify with",
                hint: "name one with --key, or set signing.key-file or verify.key-files")
        }
        return found
    }

    private static func verifyTopic(
        _ verifier: ParallelVerifier, _ settings: Settings, _ arguments: ParsedArguments, _ terminal: Terminal
    ) async throws -> VerifyReport {
        let evidence = try await TopicEvidence(
            settings.output.topic, settings, limit: arguments[TimeLimit.option].duration,
            logger: settings.log.quietLogger(terminal))
        let progress = ProgressBar("verified", total: evidence.total, terminal: terminal)
        do {
            let report = try await verify(evidence, verifier, arguments, terminal) { progress.update(completed: $0) }
            progress.finish()
            await evidence.close()
            return report
        } catch {
            progress.finish()
            await evidence.close()
            throw error
        }
    }

    /// Reads on while it verifies. Where reading fails, what was found until then is told all the same.
    private static func verify(
        _ source: some EvidenceSource, _ verifier: ParallelVerifier, _ arguments: ParsedArguments, _ terminal: Terminal,
        onProgress: (Int) -> Void
    ) async throws -> VerifyReport {
        var chunk = try await source.next()
        var report = VerifyReport(arguments[OutputFormat.option], terminal)
        defer {
            report.finish()
            report.noteOthers()
        }
        while let evidence = chunk {
            async let following = source.next()
            report.add(verified: evidence.count, await verifier.findings(in: evidence))
            onProgress(report.valid + report.invalid)
            chunk = try await following
        }
        return report
    }
}
