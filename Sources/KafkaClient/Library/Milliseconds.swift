extension Duration {
    /// As librdkafka's time-outs: whole milliseconds, rounded up, at least 0 (never -1, which means for ever).
    var milliseconds: Int32 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        guard seconds < Int64(Int32.max) / 1000 else { return Int32.max }
        return Int32(seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}

extension String {
    /// A text that C wrote into a buffer, up to its NUL.
    init(cBuffer: [CChar]) {
        self = cBuffer.withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return "" }
            return buffer.contains(0) ? String(cString: start) : ""
        }
    }
}
