/// Text that is equal only if its UTF-8 bytes are: the identity of `opId` and `doid`.
///
/// `String` compares by canonical equivalence (composed and decomposed forms are equal), which databases with binary
/// collation and every reader of the topic do not.
public struct ExactText: Hashable, Sendable, CustomStringConvertible {
    public let string: String

    public init(_ string: String) {
        self.string = string
    }

    public var description: String { string }

    public static func == (left: ExactText, right: ExactText) -> Bool {
        left.string.utf8.elementsEqual(right.string.utf8)
    }

    public func hash(into hasher: inout Hasher) {
        var string = string
        string.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
