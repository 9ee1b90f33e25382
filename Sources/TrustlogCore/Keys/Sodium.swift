private import CSodium

enum Sodium {
    /// Whether libsodium found its source of randomness; it may be asked from any thread.
    static let isReady = sodium_init() >= 0
    static let failure = KeyError("libsodium cannot start: the system gives it no random numbers")
}

/// Bytes of a secret in memory of their own: locked where the system allows it, between guard pages, wiped when freed.
// Safe to share: written in the initialiser only, read-only by the memory's protection after that.
final class SecretBytes: @unchecked Sendable {
    let bytes: UnsafePointer<UInt8>

    init(count: Int, _ fill: (UnsafeMutablePointer<UInt8>) throws(KeyError) -> Void) throws(KeyError) {
        guard Sodium.isReady, let memory = sodium_malloc(count) else { throw Sodium.failure }
        let bytes = memory.assumingMemoryBound(to: UInt8.self)
        do throws(KeyError) {
            try fill(bytes)
        } catch {
            sodium_free(memory)
            throw error
        }
        sodium_mprotect_readonly(memory)
        self.bytes = UnsafePointer(bytes)
    }

    deinit {
        sodium_free(UnsafeMutableRawPointer(mutating: bytes))
    }
}
