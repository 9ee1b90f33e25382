package import CommandLineTool
import Glibc
package import TrustlogCore

/// Reads key files. Every error names the file and holds nothing of a key; but where something else is said it is exit
/// code 78.
package enum KeyFiles {
    /// A private key in PEM, unless people could read it whom it does not concern.
    package static func load(_ path: String) throws(CommandError) -> any EnvelopeSigner {
        let pem = try readPrivate(path)
        do {
            return try SigningKey.load(pem: pem)
        } catch {
            throw CommandError(.configuration, "cannot use the private key \(path): \(error.description)")
        }
    }

    /// A public key in PEM.
    ///
    /// - Parameter missing: the exit code where there is no such file; 1 for one that the command line names.
    package static func loadPublic(
        _ path: String, missing: ExitCode = .configuration
    ) throws(CommandError) -> PublicKey {
        let pem: [UInt8]
        do {
            pem = try SmallFile.read(path, limit: sizeLimit)
        } catch {
            throw CommandError(
                error.isMissing ? missing : .configuration, "cannot read the public key \(error.message)")
        }
        do {
            return try PublicKey.load(pem: pem)
        } catch {
            throw CommandError(.configuration, "cannot use the public key \(path): \(error.description)")
        }
    }

    /// The public half of a private key file.
    package static func loadPublicHalf(_ path: String) throws(CommandError) -> PublicKey {
        let pem = try readPrivate(path)
        do {
            return try PublicKey.load(pem: pem)
        } catch {
            throw CommandError(.configuration, "cannot use the private key \(path): \(error.description)")
        }
    }

    /// The keys that sign, the main one first; empty if none is set.
    ///
    /// - Throws: what is wrong with each of the files.
    package static func signers(_ signing: Settings.Signing) throws(CommandError) -> [any EnvelopeSigner] {
        var problems = ConfigurationProblems()
        let signers = signers(signing, &problems)
        try problems.check(heading)
        return signers
    }

    /// The keys that verify: `verify.key-files` and the public halves of those that sign. Each once.
    ///
    /// - Throws: what is wrong with each of the files.
    package static func verificationKeys(_ settings: Settings) throws(CommandError) -> [PublicKey] {
        var problems = ConfigurationProblems()
        let keys = verificationKeys(settings, &problems)
        try problems.check(heading)
        return keys
    }

    /// Tries all files that are named, and collects what is wrong with each of them. (A private key that signs verifies, too.)
    static func check(_ settings: Settings, _ problems: inout ConfigurationProblems) {
        _ = signers(settings.signing, &problems)
        for path in settings.verify.keyFiles {
            problems.collect { () throws(CommandError) in _ = try loadPublic(path) }
        }
    }

    private static func heading(_ count: Int) -> String { "\(count) key files cannot be used" }

    private static func signers(_ signing: Settings.Signing, _ problems: inout ConfigurationProblems)
        -> [any EnvelopeSigner]
    {
        var signers: [any EnvelopeSigner] = []
        for path in signing.paths {
            problems.collect { () throws(CommandError) in
                let signer = try load(path)
                if signers.contains(where: { $0.keyID == signer.keyID }) {
                    throw CommandError(
                        .configuration, "\(path) holds the key \(signer.keyID) again: each key signs once",
                        hint: "take it out of signing.additional-key-files")
                }
                signers.append(signer)
            }
        }
        return signers
    }

    private static func verificationKeys(_ settings: Settings, _ problems: inout ConfigurationProblems) -> [PublicKey] {
        var keys: [PublicKey] = []
        for path in settings.signing.paths {
            problems.collect { () throws(CommandError) in keys.append(try loadPublicHalf(path)) }
        }
        for path in settings.verify.keyFiles {
            problems.collect { () throws(CommandError) in keys.append(try loadPublic(path)) }
        }
        var seen: Set<String> = []
        return keys.filter { seen.insert($0.keyID).inserted }
    }

    private static let sizeLimit = 65_536

    private static func readPrivate(_ path: String) throws(CommandError) -> [UInt8] {
        do {
            return try readPrivateFile(path)
        } catch {
            throw CommandError(
                .configuration, "cannot read the private key \(error.message)",
                hint: error.isMissing ? "make one with 'trustlog keygen \(path)'" : nil)
        }
    }

    /// Checks the very file that it reads, by its descriptor.
    private static func readPrivateFile(_ path: String) throws(SmallFile.Failure) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw SmallFile.failure(path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw SmallFile.failure(path) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw SmallFile.Failure(message: "\(path): not a file") }
        guard KeyFilePermissions(status).isPrivate else {
            let mode = String(status.st_mode & 0o777, radix: 8)
            throw SmallFile.Failure(
                message: "\(path): its mode 0\(mode) lets group or others read it; 'chmod 600 \(path)' keeps them out")
        }
        return try SmallFile.read(descriptor, path: path, limit: sizeLimit)
    }
}

extension Settings.Signing {
    /// The main key's file first.
    package var paths: [String] { (keyFile.map { [$0] } ?? []) + additionalKeyFiles }
}
