/// The schema that this program makes and works with.
package enum SchemaVersion {
    package static let current = 1
}

extension SchemaState {
    /// Why this program cannot work with the schema, and what to do; `nil` where it can.
    package var problem: String? {
        if version < SchemaVersion.current {
            return
                "its schema has version \(version), this program needs \(SchemaVersion.current); run trustlog migrate"
        }
        if compatibleFrom > SchemaVersion.current {
            return
                "its schema has version \(version), which programs for schema \(compatibleFrom) or later may use, and "
                + "this one is for \(SchemaVersion.current); upgrade trustlog"
        }
        return nil
    }
}
