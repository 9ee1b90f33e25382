import CommandLineTool
import Glibc
import Testing
import TrustlogCLI
import TrustlogCore

@Suite("Keys")
struct KeygenTests {
    @Test("keygen writes a pair that belongs together and prints its keyid", arguments: KeyAlgorithm.allCases)
    func makes(algorithm: KeyAlgorithm) async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/key"
        let outcome = await trustlog("keygen", "--algorithm", algorithm.rawValue, path)
        #expect(outcome.code == 0)
        #expect(outcome.error.isEmpty)
        #expect(try mode(path) == 0o600)
        #expect(try mode(path + ".pub") == 0o644)
        let signer = try KeyFiles.load(path)
        #expect(outcome.output == signer.keyID + "\n")
        let publicKey = try KeyFiles.loadPublic(path + ".pub")
        #expect(publicKey.keyID == signer.keyID)
        #expect(publicKey.algorithm == algorithm)
        #expect(
            try String(decoding: SmallFile.read(path, limit: 1_000), as: UTF8.self).hasPrefix(
                "-----BEGIN PRIVATE KEY-----\n"))
        #expect(
            try String(decoding: SmallFile.read(path + ".pub", limit: 1_000), as: UTF8.self)
                .hasPrefix("-----BEGIN PUBLIC KEY-----\n"))
    }

    @Test("Ed25519 is the default")
    func defaultAlgorithm() async throws {
        let directory = try TemporaryDirectory()
        #expect(await trustlog("keygen", directory.path + "/key").code == 0)
        #expect(try KeyFiles.loadPublic(directory.path + "/key.pub").algorithm == .ed25519)
    }

    @Test("keygen overwrites nothing", arguments: [("key", ["key"]), ("key.pub", ["key.pub"])])
    func overwritesNothing(existing: String, left: [String]) async throws {
        let directory = try TemporaryDirectory()
        let file = try directory.file(existing, "precious")
        let outcome = await trustlog("keygen", directory.path + "/key")
        #expect(outcome.code == 1)
        #expect(outcome.output.isEmpty)
        #expect(outcome.error.contains("\(existing) exists already"))
        #expect(try SmallFile.read(file, limit: 100) == Array("precious".utf8))
        #expect(access(directory.path + (existing == "key" ? "/key.pub" : "/key"), F_OK) != 0)
    }

    @Test("a dangling link is not followed")
    func danglingLink() async throws {
        let directory = try TemporaryDirectory()
        symlink(directory.path + "/elsewhere", directory.path + "/key")
        #expect(await trustlog("keygen", directory.path + "/key").code == 1)
        #expect(access(directory.path + "/elsewhere", F_OK) != 0)
    }

    @Test("with --if-missing a key that is there is kept, and its keyid printed")
    func ifMissing() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/key"
        let first = await trustlog("keygen", "--if-missing", path)
        let second = await trustlog("keygen", "--if-missing", path)
        #expect(first.code == 0 && second.code == 0)
        #expect(first.output == second.output)
        unlink(path + ".pub")
        let third = await trustlog("keygen", "--if-missing", path)
        #expect(third.code == 0)
        #expect(third.error.hasPrefix("warning: \(path).pub is not there"))
        #expect(await trustlog("keygen", directory.path + "/other").code == 0)
        rename(directory.path + "/other.pub", path + ".pub")
        let fourth = await trustlog("keygen", "--if-missing", path)
        #expect(fourth.code == 1)
        #expect(fourth.error.contains("is not the public key of"))
    }

    @Test("a key that cannot be written is exit 1 with the reason, and leaves nothing")
    func cannotWrite() async {
        let outcome = await trustlog("keygen", "/no/such/directory/key")
        #expect(outcome.code == 1)
        #expect(outcome.error == "error: cannot write the key: /no/such/directory/key: No such file or directory\n")
    }

    @Test(
        "a private key is refused that group or others can read, but for Kubernetes' way",
        arguments: [
            // mode, owner, group, user, groups of the process, is private
            (0o600, 1_000, 1_000, 1_000, [1_000], true), (0o400, 0, 0, 0, [0], true),
            (0o640, 1_000, 1_000, 1_000, [1_000], false), (0o604, 1_000, 1_000, 1_000, [1_000], false),
            (0o440, 0, 2_000, 1_000, [1_000, 2_000], true), (0o440, 0, 2_000, 1_000, [1_000], false),
            (0o440, 0, 2_000, 0, [0, 2_000], false), (0o440, 1_001, 2_000, 1_000, [2_000], false),
            (0o444, 0, 2_000, 1_000, [2_000], false), (0o620, 1_000, 1_000, 1_000, [1_000], true),
        ] as [(mode_t, uid_t, gid_t, uid_t, Set<gid_t>, Bool)])
    func permissions(mode: mode_t, owner: uid_t, group: gid_t, user: uid_t, groups: Set<gid_t>, isPrivate: Bool) {
        let permissions = KeyFilePermissions(
            mode: mode | S_IFREG, owner: owner, group: group, user: user, groups: groups)
        #expect(permissions.isPrivate == isPrivate)
    }

    @Test("what is wrong with a key file is told, with what to do, as exit 78")
    func refusals() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/key"
        _ = await trustlog("keygen", path)
        #expect(
            problem(directory.path + "/none")
                == "cannot read the private key \(directory.path)/none: No such file or directory; make one with 'trustlog keygen \(directory.path)/none'"
        )
        #expect(problem(directory.path)?.contains("not a file") == true)
        chmod(path, 0o644)
        #expect(
            problem(path)?.contains("its mode 0644 lets group or others read it; 'chmod 600 \(path)' keeps them out")
                == true)
        let text = try directory.file("text", "hunter2", mode: 0o600)
        #expect(problem(text)?.hasPrefix("cannot use the private key \(text): ") == true)
        #expect(problem(text)?.contains("hunter2") == false)
        let pub = directory.path + "/key.pub"
        chmod(pub, 0o600)
        #expect(problem(pub)?.hasPrefix("cannot use the private key \(pub): ") == true)
    }

    private func problem(_ path: String) -> String? {
        do {
            _ = try KeyFiles.load(path)
            return nil
        } catch {
            #expect(error.exitCode == .configuration)
            return error.message + (error.hint.map { "; \($0)" } ?? "")
        }
    }

    @Test("each key signs once; keys that verify are those that sign and those of old")
    func keySets() async throws {
        let directory = try TemporaryDirectory()
        let (a, b, c) = (directory.path + "/a", directory.path + "/b", directory.path + "/c")
        for path in [a, b, c] { #expect(await trustlog("keygen", path).code == 0) }
        var settings = Settings()
        settings.signing.keyFile = a
        settings.signing.additionalKeyFiles = [b]
        settings.verify.keyFiles = [c + ".pub", a + ".pub"]
        #expect(
            try KeyFiles.signers(settings.signing).map(\.keyID) == [KeyFiles.load(a).keyID, KeyFiles.load(b).keyID])
        let verifying = try KeyFiles.verificationKeys(settings).map(\.keyID)
        #expect(try verifying == [KeyFiles.load(a).keyID, KeyFiles.load(b).keyID, KeyFiles.load(c).keyID])
        settings.signing.additionalKeyFiles = [b, a]
        #expect(throws: CommandError.self) { try KeyFiles.signers(settings.signing) }
        #expect(try KeyFiles.signers(Settings().signing).isEmpty)

        let unfit = try directory.file("unfit", "no key", mode: 0o600)
        settings.signing.keyFile = unfit
        settings.signing.additionalKeyFiles = ["/no/such.key", a]
        settings.verify.keyFiles = ["/no/such.pub"]
        let error = #expect(throws: CommandError.self) { try KeyFiles.signers(settings.signing) }
        #expect(error?.exitCode == .configuration)
        #expect(error?.message.hasPrefix("2 key files cannot be used:\ncannot use the private key \(unfit): ") == true)
        #expect(error?.message.contains("\ncannot read the private key /no/such.key: No such file") == true)
        let words = [
            "config", "check", "--set", "kafka.bootstrap-servers=a:1", "--set", "signing.key-file=\(unfit)", "--set",
            "signing.additional-key-files=\(c).pub", "--set", "verify.key-files=\(unfit)",
            "--set", "kafka.producer.retries=0",
        ]
        let checked = await trustlog(words)
        #expect(checked.code == 78)
        #expect(checked.error.hasPrefix("error: the settings have 4 errors:\ncannot use the private key \(unfit): "))
        for text in ["private key \(c).pub: ", "public key \(unfit): ", "kafka.producer.*: "] {
            #expect(checked.error.contains(text), "\(checked.error)")
        }
    }

    @Test(
        "config check tells once of a private key file that is encrypted, or not PKCS#8",
        arguments: ["ENCRYPTED PRIVATE KEY", "EC PRIVATE KEY"])
    func unusableKeyToldOnce(label: String) async throws {
        let directory = try TemporaryDirectory()
        let file = try directory.file(
            "key", "-----BEGIN \(label)-----\nMDEyMzQ1Njc4OQ==\n-----END \(label)-----\n", mode: 0o600)
        let outcome = await trustlog(
            "config", "check", "--set", "kafka.bootstrap-servers=a:1", "--set", "signing.key-file=\(file)")
        #expect(outcome.code == 78)
        #expect(
            outcome.error.hasPrefix(
                "error: cannot use the private key \(file): the PEM block \(label) is no private key that can be used: "
            ))
        #expect(outcome.error.split(separator: "\n").count == 1)
    }

    private func mode(_ path: String) throws -> mode_t {
        var status = stat()
        try #require(lstat(path, &status) == 0)
        return status.st_mode & 0o7777
    }
}
