/// What the settings say of a store, whatever the database.
package struct StoreOptions: Sendable {
    /// How many connections there may be (PostgreSQL and MySQL; SQLite has one writer and two readers).
    package var poolSize: Int
    /// How long a statement waits for another connection's lock before the call fails as `unavailable`.
    package var lockTimeout: Duration
    /// How long a connection may take to be made.
    package var connectTimeout: Duration

    package init(
        poolSize: Int = 4, lockTimeout: Duration = .seconds(4), connectTimeout: Duration = .seconds(10)
    ) {
        self.poolSize = poolSize
        self.lockTimeout = lockTimeout
        self.connectTimeout = connectTimeout
    }
}
