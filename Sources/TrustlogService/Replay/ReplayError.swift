package import KafkaClient
package import OperationStore

/// Why a replay does not begin, or ends early. What was published stays published, and its cursor tells how far it came.
package enum ReplayError: Error, Sendable {
    case position(PositionError)
    case store(StoreError)
    case client(KafkaError)
    /// The key is that of a publishing cursor.
    case keyOfWorker(String)
    /// A bookmark has this key.
    case keyOfBookmark(CursorRow)
    /// Another command has a replay under this key, which is not finished.
    case otherCommand(ReplayCursor)
    /// The value is not one that this program wrote.
    case unreadableCursor(key: String, value: String)
    /// Another process works on it.
    case held(CursorRow)
    /// Its cursor was taken, changed or deleted by somebody else meanwhile.
    case cursorLost(key: String, at: Int64)
}
