import TrustlogTestKit

/// A real broker with a listener for TLS and SASL, rights by the documented commands, and a plain listener for the test
/// itself, which may do everything.
final class SecureBroker: Sendable {
    let broker: KafkaBroker
    let authority: TestAuthority
    /// `localhost` and the port of the secure listener.
    let address: String
    static let password = "correct horse battery staple"

    /// What its tests need of the machine.
    static let requirements: [Requirement] = [.trustlogBinary, .kafka, .kcat, .openssl]

    /// The one that all tests share, ended with the process. Topics and users are those of the document.
    static func shared() async throws -> SecureBroker {
        try await sharedBroker.value
    }

    private static let sharedBroker = Task { try await start() }

    private init(broker: KafkaBroker, authority: TestAuthority, address: String) {
        (self.broker, self.authority, self.address) = (broker, authority, address)
    }

    private static func start() async throws -> SecureBroker {
        let authority = try await TestAuthority.make()
        let server = try await authority.issue("broker", for: "DNS:localhost,IP:127.0.0.1")
        let port = try FreePort.find()
        let listener = "listener.name.secure"
        let users = ["trustlog", "producer", "auditor"].map { "user_\($0)=\"\(password)\"" }.joined(separator: " ")
        let modules = "org.apache.kafka.common.security"
        let broker = try await KafkaBroker.start(
            settings: [
                "\(listener).ssl.keystore.type": "PEM", "\(listener).ssl.keystore.location": server.keyStore,
                "\(listener).sasl.enabled.mechanisms": "SCRAM-SHA-512,PLAIN",
                "\(listener).scram-sha-512.sasl.jaas.config": "\(modules).scram.ScramLoginModule required;",
                "\(listener).plain.sasl.jaas.config": "\(modules).plain.PlainLoginModule required \(users);",
                "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                "super.users": "User:ANONYMOUS", "auto.create.topics.enable": "false",
            ], listener: "SECURE:SASL_SSL:\(port)")
        let secure = SecureBroker(broker: broker, authority: authority, address: "localhost:\(port)")
        try await broker.tool(
            "configs",
            [
                "--alter", "--entity-type", "users", "--entity-name", "trustlog", "--add-config",
                "SCRAM-SHA-512=[password=\(password)]",
            ])
        for topic in ["operations", "trustlog"] { try await broker.createTopic(topic, partitions: 3) }
        try await broker.createTopic("operations.dead-letter", configs: ["max.message.bytes": "1064960"])
        try await secure.grant()
        return secure
    }

    /// Runs the documented commands. `kafka-acls.sh` is Kafka's own tool, sent to this broker.
    private func grant() async throws {
        let folder = try TemporaryFolder("tlk")
        let tool = try KafkaBroker.javaCommand("org.apache.kafka.tools.AclCommand")
        let quoted = tool.map { "'\($0)'" }.joined(separator: " ")
        // The first four arguments are the document's address and login.
        try FileTree.write(
            """
            #!/bin/sh
            [ "$1" = --bootstrap-server ] && [ "$3" = --command-config ] || exit 64
            shift 4
            exec \(quoted) --bootstrap-server \(broker.bootstrap) "$@"

            """, to: folder["kafka-acls.sh"], mode: 0o755)
        let commands = try ["service", "trustlog-only", "others"].map { try Documented.block("acls: \($0)") }
        let path = environmentVariable("PATH") ?? "/usr/bin:/bin"
        try await Command.check(
            ["sh", "-eu", "-c", commands.joined()], environment: ["PATH": "\(folder.path):\(path)"],
            timeout: .seconds(120))
    }

    /// `--set`tings of a user of the secure listener, who logs in by `PLAIN`, which every librdkafka can.
    func settings(user: String, password: String = SecureBroker.password) -> [String: String] {
        [
            "kafka.bootstrap-servers": address, "kafka.properties.security.protocol": "SASL_SSL",
            "kafka.properties.sasl.mechanism": "PLAIN", "kafka.properties.sasl.username": user,
            "kafka.properties.sasl.password": password, "kafka.properties.ssl.ca.location": authority.certificate,
        ]
    }

    /// The same for kcat.
    func kcat(_ mode: String, user: String, topic: String) -> [String] {
        [
            "kcat", mode, "-b", address, "-t", topic, "-X", "security.protocol=SASL_SSL", "-X", "sasl.mechanism=PLAIN",
            "-X", "sasl.username=\(user)", "-X", "sasl.password=\(Self.password)", "-X",
            "ssl.ca.location=\(authority.certificate)", "-X", "topic.message.timeout.ms=10000",
        ]
    }

    /// What the test itself does goes over the plain listener.
    var plain: Kcat { Kcat(broker) }
}
