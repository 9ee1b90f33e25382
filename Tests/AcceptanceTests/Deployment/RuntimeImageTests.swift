import Testing
import TrustlogTestKit

extension AcceptanceSuite {
    /// What can be proven of the image without a container engine.
    @Suite("The runtime stage of the image", .requires(RuntimeRoot.requirement, .trustlogBinary), .mountsAllowed)
    struct RuntimeImage {
        @Test("the binary starts with exactly the packages that the Dockerfile names, as its user, on a read-only root")
        func starts() async throws {
            let root = try await RuntimeRoot.shared()
            let who = try await root.run(
                [
                    "sh", "-c",
                    "id -u; id -g; touch /etc/x 2>/dev/null || echo read-only; touch /tmp/x && echo temporary",
                ])
            #expect(who.lines == ["65532", "65532", "read-only", "temporary"])

            let version = try await root.run(["trustlog", "--version"])
            #expect(version.status == .exited(0), "\(version.errorText)")
            #expect(version.text == (try await TrustlogBinary.check(["--version"])).text)

            let folder = try TemporaryFolder("tlr")
            let key = try await TrustlogBinary.makeKey(in: folder)
            // As a Secret is mounted: root's, and read by the group.
            try await Command.check(["chown", "0:65532", key])
            try await Command.check(["chmod", "0440", key])
            let check = try await root.run(
                [
                    "trustlog", "config", "check", "--set", "kafka.bootstrap-servers=kafka:9092", "--set",
                    "signing.key-file=\(RuntimeRoot.files)/ed25519.pem",
                ], folder: folder.path)
            #expect(check.status == .exited(0), "\(check.errorText)\(check.text)")
        }

        @Test("the demo runs there, with nothing to write to but /tmp")
        func demo() async throws {
            let root = try await RuntimeRoot.shared()
            let demo = try await root.run(["trustlog", "demo", "--operations", "1000"], timeout: .seconds(120))
            #expect(demo.status == .exited(0), "\(demo.errorText.suffix(2_000))")
            #expect(demo.lines.contains { $0.hasPrefix("verified") && $0.contains("1000") })
        }

        @Test("every package but the certificates is there because the binary is linked with a library of it")
        func packages() async throws {
            let root = try await RuntimeRoot.shared()
            let dynamic = try await Command.check(["readelf", "-d", TrustlogBinary.path])
            let libraries = dynamic.lines.filter { $0.contains("(NEEDED)") }.compactMap { line in
                line.split(separator: "[").last?.split(separator: "]").first.map(String.init)
            }
            #expect(libraries.count > 8)
            var owners: Set<String> = []
            for library in libraries where !library.hasPrefix("ld-linux") {
                let search = try await root.run(["dpkg-query", "-S", "*/\(library)"])
                // Lines of `package:architecture: path`.
                owners.formUnion(search.lines.compactMap { $0.split(separator: ":").first.map(String.init) })
            }
            // These two are in every Debian.
            owners.subtract(["libc6", "libgcc-s1"])
            #expect(owners == Set(root.packages).subtracting(["ca-certificates"]))
        }
    }
}
