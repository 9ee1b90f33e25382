import CommandLineTool
import Glibc
import Testing

@Suite("Completions")
struct CompletionTests {
    @Test("bash accepts the script")
    func bashSyntax() throws {
        #expect(try run("/bin/bash", ["-n"], input: Sample.root.completionScript(for: .bash)) == "")
    }

    @Test(
        "bash completes commands, options, values and files from the same declaration",
        arguments: [
            (["tool", ""], "help keys replay"),
            (["tool", "re"], "replay"),
            (["tool", "--"], "--config --help --set --version"),
            (["tool", "replay", "--d"], "--dry-run"),
            (["tool", "replay", "-"], "--config --dry-run --from --help --output --rate --set --verbose -h -n -o -v"),
            (["tool", "replay", "-o", "js"], "json jsonl"),
            (["tool", "replay", "--output", "=", "t"], "text"),
            (["tool", "replay", "--output", "="], "json jsonl text"),
            (["tool", "replay", "--rate", ""], ""),
            (["tool", "--config", "keys", "k"], "keys"),
            (["tool", "--config", "=", "keys", "k"], "keys"),
            (["tool", "keys", ""], "fail help make refuse"),
            (["tool", "--config", "/etc/host"], "/etc/host.conf /etc/hostname /etc/hosts"),
            (["tool", "keys", "make", "/etc/hostn"], "/etc/hostname"),
        ])
    func bashCompletes(words: [String], expected: String) throws {
        let quoted = words.map { "'\($0)'" }.joined(separator: " ")
        let script =
            Sample.root.completionScript(for: .bash) + """
                COMP_WORDS=(\(quoted)); COMP_CWORD=\(words.count - 1)
                _tool
                for reply in "${COMPREPLY[@]}"; do printf "%s\\n" "$reply"; done | sort | tr '\\n' ' '
                """
        let replies = try run("/bin/bash", ["-s"], input: script).split(separator: " ").map(String.init)
        let wanted = expected.split(separator: " ").map(String.init)
        if words.last?.hasPrefix("/") == true {
            #expect(replies.allSatisfy { $0.hasPrefix(words.last ?? "") })
            #expect(replies.contains("/etc/hostname"))
        } else {
            #expect(replies.sorted() == wanted.sorted())
        }
    }

    @Test("the script for zsh names every command, option and value")
    func zsh() {
        let script = Sample.root.completionScript(for: .zsh)
        #expect(script.hasPrefix("#compdef tool\n"))
        #expect(script.contains("_tool_keys_make() {"))
        #expect(script.contains("'replay:Publish again.'"))
        #expect(script.contains("'--from=[Where to start.]:POSITION: '"))
        #expect(script.contains("'--output=[How to write it.]:FORMAT:(text json jsonl)'"))
        #expect(script.contains("'*--set=[Set one setting.]:KEY=VALUE: '"))
        #expect(script.contains("':FILE:_files'"))
        #expect(script.contains("keys) _tool_keys ;;"))
    }

    @Test("the script for fish names every command, option and value")
    func fish() {
        let script = Sample.root.completionScript(for: .fish)
        #expect(script.contains("complete -c tool -n '__tool_at tool' -a 'replay' -d 'Publish again.'"))
        #expect(
            script.contains(
                "complete -c tool -n '__tool_at tool replay' -s o -l output -x -a 'text json jsonl' -d 'How to write it.'"
            ))
        #expect(script.contains("complete -c tool -n '__tool_at tool keys make' -F"))
        #expect(script.contains("case 'tool keys make'"))
    }

    @Test("quotation marks in help texts end no string in any shell")
    func quoting() throws {
        let odd = Command(
            "tool", abstract: "It's [a] \"b\": $c `d` \\e.",
            subcommands: [
                Command("x", abstract: "It's [a] \"b\": $c `d` \\e.", parameters: [Flag("y", help: "It's [a]: \\b.")]) {
                    _, _ in
                    .success
                }
            ])
        #expect(try run("/bin/bash", ["-n"], input: odd.completionScript(for: .bash)) == "")
        #expect(odd.completionScript(for: .zsh).contains(#"'--y[It'\''s \[a\]: \\b.]'"#))
        #expect(odd.completionScript(for: .fish).contains(#"-d 'It\'s [a] "b": $c `d` \\e.'"#))
    }

    /// Standard output and error of a program together.
    private func run(_ path: String, _ arguments: [String], input: String) throws -> String {
        var name = Array("/tmp/trustlog-completion-XXXXXX".utf8CString)
        let descriptor = mkstemp(&name)
        try #require(descriptor >= 0)
        let file = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { unlink(file) }
        DescriptorStream(descriptor: descriptor).write(input)
        close(descriptor)
        let command = ([path] + arguments).joined(separator: " ") + " < \(file) 2>&1"
        let stream = try #require(popen(command, "r"))
        var bytes: [UInt8] = []
        while case let byte = fgetc(stream), byte != EOF { bytes.append(UInt8(truncatingIfNeeded: byte)) }
        pclose(stream)
        return String(decoding: bytes, as: UTF8.self)
    }
}
