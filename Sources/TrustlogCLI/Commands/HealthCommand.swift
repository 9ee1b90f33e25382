import CommandLineTool
import TrustlogAdmin

/// `trustlog health`: for container health checks and `exec` probes.
enum HealthCommand {
    static let command: Command = Command(
        "health", abstract: "Ask the running process whether it is alive: exit 0 or 1.",
        discussion: """
            Asks /livez at http.listen. Whether broker and database can be reached does not matter here: see \
            'trustlog status' for that.

            Example: HEALTHCHECK CMD ["trustlog", "health", "--timeout", "2s"]
            """,
        group: CommandGroup.operation, parameters: [TimeLimit.option]
    ) { arguments, terminal in
        let settings = try GlobalOptions.loadSettings(arguments, terminal).settings
        guard let address = settings.http.listen, address.port != 0 else {
            throw CommandError(
                .failure, "http.listen is \(settings.http.listen.map(\.description) ?? "off"): there is nobody to ask",
                hint: "give it an address with a port, for example http.listen: 127.0.0.1:8464")
        }
        return try ask(address.reachable, timeout: arguments[TimeLimit.option].duration, terminal)
    }

    private static func ask(_ address: ListenAddress, timeout: Duration, _ terminal: Terminal) throws -> ExitCode {
        let response: LoopbackHTTPClient.Response
        do {
            response = try LoopbackHTTPClient.get(
                host: address.host, port: address.port, path: "/livez?verbose", timeout: timeout)
        } catch {
            throw CommandError(.failure, "not alive: \(error)", hint: "is 'trustlog run' up, with this http.listen?")
        }
        guard response.status == 200 else {
            throw CommandError(.failure, "not alive: \(reason(response))")
        }
        terminal.writeLine("alive (\(address))")
        return .success
    }

    /// The checks that fail, as `/livez?verbose` tells them.
    private static func reason(_ response: LoopbackHTTPClient.Response) -> String {
        let checks = (try? JSONValue(json: response.text))?.arrayValue ?? []
        let failing = checks.filter { $0["ok"]?.boolValue == false }.map { check in
            let name = check["name"]?.stringValue ?? "a check"
            return check["detail"]?.stringValue.map { "\(name): \($0)" } ?? name
        }
        return failing.isEmpty ? "/livez answers with status \(response.status)" : failing.joined(separator: "; ")
    }
}

extension ListenAddress {
    /// Where a process on the same machine reaches who listens here: a wildcard is not an address to connect to.
    var reachable: ListenAddress {
        switch host {
        case "0.0.0.0": ListenAddress(host: "127.0.0.1", port: port)
        case "::": ListenAddress(host: "::1", port: port)
        default: self
        }
    }
}
