import Glibc
import TrustlogTestKit

/// A certificate authority of a test's own, made by the openssl command line.
final class TestAuthority: Sendable {
    let folder: TemporaryFolder
    /// Its own certificate, PEM.
    var certificate: String { folder["ca.crt"] }

    /// A server's key and certificate, PEM.
    struct Server: Sendable {
        let key: String
        let certificate: String
        /// Both in one file, as Kafka takes them.
        let keyStore: String
    }

    static func make() async throws -> TestAuthority {
        let authority = TestAuthority(folder: try TemporaryFolder("tlx"))
        try await Command.check(
            ["openssl", "req", "-x509", "-days", "2", "-subj", "/CN=Test authority"] + newKey("P-256")
                + ["-keyout", authority.folder["ca.key"], "-out", authority.certificate])
        return authority
    }

    private init(folder: TemporaryFolder) {
        self.folder = folder
    }

    /// A certificate for names, for example `DNS:localhost,IP:127.0.0.1`.
    func issue(_ name: String, for alternatives: String) async throws -> Server {
        let server = Server(
            key: folder["\(name).key"], certificate: folder["\(name).crt"], keyStore: folder["\(name).pem"])
        let request = folder["\(name).csr"]
        try await Command.check(
            ["openssl", "req", "-subj", "/CN=\(name)", "-addext", "subjectAltName=\(alternatives)"]
                + Self.newKey("P-256") + ["-keyout", server.key, "-out", request])
        try await Command.check([
            "openssl", "x509", "-req", "-in", request, "-CA", certificate, "-CAkey", folder["ca.key"],
            "-CAcreateserial", "-days", "2", "-copy_extensions", "copy", "-out", server.certificate,
        ])
        try FileTree.write(
            try FileTree.read(server.key) + FileTree.read(server.certificate), to: server.keyStore)
        return server
    }

    private static func newKey(_ curve: String) -> [String] {
        ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:\(curve)", "-noenc"]
    }
}
