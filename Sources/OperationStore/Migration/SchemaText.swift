/// The SQL that creates the schema: the very text of `sql/`, which is linked into the program.
package enum SchemaText {
    package enum Dialect: String, Sendable, CaseIterable {
        case sqlite
        case postgreSQL = "postgresql"
        case mySQL = "mysql"
    }

    package static func sql(for dialect: Dialect) -> String {
        switch dialect {
        case .sqlite: String(decoding: PackageResources.sqlite_sql, as: UTF8.self)
        case .postgreSQL: String(decoding: PackageResources.postgresql_sql, as: UTF8.self)
        case .mySQL: String(decoding: PackageResources.mysql_sql, as: UTF8.self)
        }
    }
}
