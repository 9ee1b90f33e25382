import Testing
import TrustlogTestKit

extension AcceptanceSuite {
    @Suite("What deploy/ ships fits the program")
    struct ShippedFiles {
        @Test("the list of metrics that alerts and dashboard are checked against is what the program exports")
        func metrics() async throws {
            let sidecar = try await Sidecar.make(partitions: 1)
            let process = try await sidecar.run()
            var generator = OperationGenerator(seed: 94, name: "metrics")
            try await sidecar.produce(generator.take(10))
            try await sidecar.awaitTrustlogged(10, by: process)
            try await eventually("the series of partition and cursor are there") {
                let text = try await HTTP.request(port: process.httpPort, path: "/metrics").text
                return text.contains("\ntrustlog_consumer_lag{") && text.contains("\ntrustlog_cursor_lag_seconds{")
            }
            let text = try await HTTP.request(port: process.httpPort, path: "/metrics").text
            #expect(try await process.stop() == .exited(0))
            let listed = try FileTree.text("\(Checkout.root)/deploy/monitoring/metrics.txt").split(separator: "\n")
                .filter { !$0.hasPrefix("#") }.map(String.init)
            #expect(exported(text) == listed)
        }

        /// `name`, `type` and `labels`, sorted, as `metrics.txt` has them.
        private func exported(_ text: String) -> [String] {
            var labels: [Substring: Set<Substring>] = [:]
            var types: [Substring: Substring] = [:]
            for line in text.split(separator: "\n") {
                let words = line.split(separator: " ")
                if line.hasPrefix("# TYPE "), words.count == 4 {
                    types[words[2]] = words[3]
                } else if !line.hasPrefix("#"), let name = words.first?.prefix(while: { $0 != "{" }) {
                    let suffix = ["_bucket", "_sum", "_count"].first { name.hasSuffix($0) && types[name] == nil }
                    let family = name.dropLast(suffix?.count ?? 0)
                    let pairs = line.dropFirst(name.count + 1).split(separator: "}").first?.split(separator: ",") ?? []
                    let names = pairs.filter { $0.contains("=\"") }.map { $0.prefix { $0 != "=" } }
                    labels[family, default: []].formUnion(names.filter { $0 != "le" })
                }
            }
            return types.keys.sorted().map { name in
                let names = labels[name, default: []].sorted().joined(separator: ",")
                return "\(name)\t\(types[name] ?? "")" + (names.isEmpty ? "" : "\t\(names)")
            }
        }

        @Test("every settings file is one that the program takes")
        func settings() async throws {
            let folder = try TemporaryFolder("tlf")
            let key = try await TrustlogBinary.makeKey(in: folder)
            try FileTree.write("secret\n", to: folder["password"])
            let examples = "\(Checkout.root)/deploy/kustomize/examples"
            let files = [
                "deploy/kustomize/base/trustlog.yaml", "deploy/compose/trustlog.yaml", "deploy/systemd/trustlog.yaml",
            ].map { "\(Checkout.root)/\($0)" }
            var texts = try files.map { try FileTree.text($0) }
            for name in FileTree.names(in: examples) where FileTree.exists("\(examples)/\(name)/trustlog.yaml") {
                texts.append(try FileTree.text("\(examples)/\(name)/trustlog.yaml"))
            }
            texts.append(try settingsOfQuickstart(examples))
            #expect(texts.count == 7)
            for text in texts {
                let local = text.replacing("/run/secrets/database-password", with: folder["password"])
                try FileTree.write(local, to: folder["trustlog.yaml"])
                // What the components and the unit set by variables of the environment.
                var options = ["--set", "signing.key-file=\(key)"]
                if !text.contains("bootstrap-servers") { options += ["--set", "kafka.bootstrap-servers=kafka:9093"] }
                let check = try await TrustlogBinary.run(
                    ["config", "check", "--config", folder["trustlog.yaml"]] + options)
                #expect(check.code == 0, "\(check.text)\(check.errorText)\nof\n\(text)")
                #expect(check.errorText.contains("unknown") == false, "\(check.errorText)")
            }
        }

        /// The block under `trustlog.yaml: |`.
        private func settingsOfQuickstart(_ examples: String) throws -> String {
            let lines = try FileTree.text("\(examples)/quickstart/quickstart.yaml").split(
                separator: "\n", omittingEmptySubsequences: false)
            guard let start = lines.firstIndex(of: "  trustlog.yaml: |") else {
                throw CommandError("quickstart.yaml has no settings")
            }
            return lines[(start + 1)...].prefix { $0.hasPrefix("    ") }.map { $0.dropFirst(4) + "\n" }.joined()
        }

        @Test("the variables that the components set are settings")
        func variables() async throws {
            let folder = try TemporaryFolder("tlf")
            let key = try await TrustlogBinary.makeKey(in: folder)
            try FileTree.write("postgresql://trustlog@localhost/trustlog\n", to: folder["uri"])
            let components = "\(Checkout.root)/deploy/kustomize/components"
            var variables: [String: String?] = [:]
            for component in ["secret-files", "strimzi"] {
                for line in try FileTree.text("\(components)/\(component)/own-pod.yaml").split(separator: "\n") {
                    // Lines of `- {name: NAME, value: VALUE}`.
                    guard let name = line.firstRange(of: "{name: TRUSTLOG_"),
                        let value = line.firstRange(of: ", value: ")
                    else { continue }
                    let text = String(line[value.upperBound...].dropLast())
                    let file = text.hasSuffix("trustlog.key") ? key : text.hasPrefix("/run/") ? folder["uri"] : text
                    variables["TRUSTLOG_" + String(line[name.upperBound..<value.lowerBound])] = file
                }
            }
            #expect(variables.count == 8)
            let check = try await TrustlogBinary.run(["config", "show"], environment: variables)
            #expect(check.code == 0, "\(check.errorText)")
            for name in variables.keys { #expect(check.errorText.contains(name) == false, "\(check.errorText)") }
            #expect(check.text.contains("SCRAM-SHA-512"))
        }
    }
}
