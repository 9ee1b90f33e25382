import KafkaClient

/// Where a partition that was assigned begins (contract, section 7): where its group committed, unless the database was
/// restored to an older state since.
struct StartPosition: Equatable, Sendable {
    /// `nil`: the earliest.
    var offset: Int64?
    /// What an operator has to know, if anything.
    var warning: String?

    /// - Parameters:
    ///   - committed: what the group committed, with the metadata that names the database it was made with.
    ///   - stored: the database's own position; `nil` if it has none.
    ///   - databaseID: this database's; `nil` under `trustlog-only`, which has none.
    init(committed: PartitionOffset, stored: Int64?, databaseID: String?) {
        guard let offset = committed.offset else { return }
        self.offset = offset
        let partition = committed.topicPartition
        guard let databaseID, let metadata = CommitMetadata(committed.metadata) else { return }
        guard case .database(let origin) = metadata else {
            warning = """
                the group committed offset \(offset) of \(partition) under trustlog-only: the commit is obeyed, what was \
                consumed before it may have been published without this database, and is not in it
                """
            return
        }
        if origin != databaseID {
            warning = """
                the group committed offset \(offset) of \(partition) with another database (\(origin); this one is \
                \(databaseID)): the commit is obeyed, what was consumed before it is not in this database
                """
        } else if let stored, stored < offset {
            self.offset = stored
            warning = """
                the database was restored to an older state: the group committed offset \(offset) of \(partition) with \
                this database, which itself knows \(stored); consumption starts at \(stored)
                """
        } else if stored == nil {
            self.offset = nil
            warning = """
                the database was restored to an older state: the group committed offset \(offset) of \(partition) with \
                this database, which knows no offset of it; consumption starts at the earliest offset
                """
        }
    }
}

/// The metadata of a commit: which database the rows before it are in.
enum CommitMetadata: Equatable, Sendable, CustomStringConvertible {
    case database(String)
    /// Made under `trustlog-only`, with no database.
    case noDatabase

    private static let prefix = "trustlog:"

    /// `nil` where somebody else made the commit (an operator's tool, another program).
    init?(_ text: String?) {
        guard let text, text.utf8.starts(with: Self.prefix.utf8) else { return nil }
        let id = String(text.dropFirst(Self.prefix.count))
        self = id == "none" ? .noDatabase : .database(id)
    }

    var description: String {
        switch self {
        case .database(let id): Self.prefix + id
        case .noDatabase: Self.prefix + "none"
        }
    }
}
