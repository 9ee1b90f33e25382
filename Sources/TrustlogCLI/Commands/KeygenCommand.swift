import CommandLineTool
import Glibc
import TrustlogCore

extension KeyAlgorithm: ExpressibleByArgument {}

/// `trustlog keygen [--algorithm ed25519|ecdsa-p256] [--if-missing] FILE`.
enum KeygenCommand {
    private static let algorithm = Option<KeyAlgorithm>(
        "algorithm", valueName: "ALGORITHM", help: "The kind of key.", default: .ed25519)
    private static let ifMissing = Flag("if-missing", help: "Leave a key that is there already, and print its keyid.")
    private static let file = Argument<String>("FILE", help: "Where the private key goes.", completion: .file)

    static let command: Command = Command(
        "keygen", abstract: "Make a key pair that signs records.",
        discussion: """
            Writes the private key to FILE (PKCS#8 PEM, mode 0600) and the public key to FILE.pub, and prints the keyid. \
            Overwrites nothing.
            """,
        group: CommandGroup.setup, parameters: [algorithm, ifMissing, file]
    ) { arguments, terminal in
        let path = arguments[file]
        if exists(path) {
            guard arguments[ifMissing] else {
                throw CommandError(
                    .failure, "\(path) exists already; nothing was written",
                    hint: "with --if-missing an existing key is fine")
            }
            terminal.writeLine(try existingKeyID(path, terminal))
            return .success
        }
        terminal.writeLine(try makeKeyPair(arguments[algorithm], path, arguments, terminal))
        return .success
    }

    private static func makeKeyPair(
        _ algorithm: KeyAlgorithm, _ path: String, _ arguments: ParsedArguments, _ terminal: Terminal
    ) throws -> String {
        guard !exists(path + ".pub") else {
            throw CommandError(
                .failure, "\(path).pub exists already, but \(path) does not; nothing was written",
                hint: "move it away, or choose another name")
        }
        let pair: (privatePEM: String, publicPEM: String, keyID: String)
        do throws(KeyError) {
            pair = try KeyPair.generate(algorithm)
        } catch {
            throw CommandError(.failure, "cannot make a key: \(error.description)")
        }
        do throws(NewFile.Failure) {
            try NewFile.write(pair.privatePEM, to: path, mode: 0o600)
        } catch .exists where arguments[ifMissing] {
            // Another process was faster: its key is the one.
            return try existingKeyID(path, terminal)
        } catch {
            throw commandError(error, path)
        }
        do throws(NewFile.Failure) {
            try NewFile.write(pair.publicPEM, to: path + ".pub", mode: 0o644)
        } catch {
            // Made a moment ago, used by nobody: half a pair is no use.
            unlink(path)
            throw commandError(error, path + ".pub")
        }
        return pair.keyID
    }

    private static func existingKeyID(_ path: String, _ terminal: Terminal) throws -> String {
        let key = try KeyFiles.loadPublicHalf(path)
        if !exists(path + ".pub") {
            terminal.reportLine(
                "warning",
                "\(path).pub is not there; 'openssl pkey -in \(path) -pubout -out \(path).pub' makes it")
        } else if try KeyFiles.loadPublic(path + ".pub").keyID != key.keyID {
            throw CommandError(.failure, "\(path).pub is not the public key of \(path)")
        }
        return key.keyID
    }

    private static func commandError(_ failure: NewFile.Failure, _ path: String) -> CommandError {
        switch failure {
        case .exists: CommandError(.failure, "\(path) exists already; nothing was overwritten")
        case .system(let message): CommandError(.failure, "cannot write the key: \(message)")
        }
    }

    /// Whether anything is there, a dangling link included.
    private static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }
}
