import Glibc

/// A file of this repository, by its path from the top.
func readFile(_ path: String, from file: String = #filePath) throws -> String {
    // Tests/OperationStoreTests/Support/Repository.swift
    let top = file.split(separator: "/", omittingEmptySubsequences: false).dropLast(4).joined(separator: "/")
    guard let stream = fopen("\(top)/\(path)", "r") else { throw SQLError(message: "no file \(path)") }
    defer { fclose(stream) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while case let count = fread(&buffer, 1, buffer.count, stream), count > 0 { bytes += buffer[..<count] }
    return String(decoding: bytes, as: UTF8.self)
}
