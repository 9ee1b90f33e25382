import Glibc
import Testing
import TrustlogCLI

/// A directory of its own for the files of one test, removed at the end.
final class TemporaryDirectory {
    let path: String

    init() throws {
        var template = Array("/tmp/trustlog-cli-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        if let directory = opendir(path) {
            while let entry = readdir(directory) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name != ".", name != ".." { unlink(path + "/" + name) }
            }
            closedir(directory)
        }
        rmdir(path)
    }

    func file(_ name: String, _ text: String, mode: mode_t = 0o644) throws -> String {
        let file = path + "/" + name
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC, mode)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        var text = text
        let written = text.withUTF8 { write(descriptor, $0.baseAddress, $0.count) }
        try #require(written == text.utf8.count)
        fchmod(descriptor, mode)
        return file
    }
}

/// Loads settings from a YAML text as `s.yaml`.
func load(
    _ yaml: String? = nil, environment: [String: String] = [:], set assignments: [String] = [],
    for purpose: SettingsPurpose? = nil
) throws -> LoadedSettings {
    let directory = try TemporaryDirectory()
    let file = try yaml.map { try directory.file("s.yaml", $0) }
    let assignments = try assignments.map { try #require(SettingAssignment(argument: $0)) }
    return try SettingsLoader(configFile: file, environment: environment, assignments: assignments).load(for: purpose)
}

/// What is wrong with settings, a line each, the directory of the file left out.
func problems(
    _ yaml: String? = nil, environment: [String: String] = [:], set assignments: [String] = [],
    for purpose: SettingsPurpose? = nil
) throws -> [String] {
    do {
        _ = try load(yaml, environment: environment, set: assignments, for: purpose)
        return []
    } catch let error as SettingsError {
        return error.problems.map(\.text).map { text in
            guard let end = text.firstRange(of: "/s.yaml")?.lowerBound else { return text }
            return String(text[text.index(after: end)...])
        }
    }
}
