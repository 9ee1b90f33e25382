extension String {
    /// With a space for each run of control characters and spaces, and none at the ends: messages of libraries come in lines
    /// and columns.
    package var oneLine: String {
        unicodeScalars.split { $0 == " " || $0.properties.generalCategory == .control }
            .map { String($0) }.joined(separator: " ")
    }
}
