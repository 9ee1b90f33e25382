extension Operation {
    /// The largest ``extra`` in bytes of its canonical form.
    public static let maximumExtraSize = 65_536

    /// Every rule of the contract's table (section 1) that this operation breaks, in the order of the table.
    public func violations() -> [Violation] {
        var violations: [Violation] = []
        for field in OperationField.inOrder where field != .timestamp {
            guard let text = text(of: field) else { continue }
            if let problem = field.problem(of: text.utf8.span) {
                violations.append(Violation(field: field.name, problem: problem))
            }
        }
        if !Timestamp.allowedMicroseconds.contains(timestamp.microseconds) {
            let violation = Violation(field: OperationField.timestamp.name, problem: "is not between 1970 and 9999")
            violations.insert(violation, at: violations.first?.field == OperationField.opId.name ? 1 : 0)
        }
        if let violation = extraViolation() { violations.append(violation) }
        return violations
    }

    /// Checks every rule of the contract's table.
    ///
    /// - Throws: a ``Rejection`` of code `invalid` that names the first violation and tells all.
    public func validate() throws(Rejection) {
        let violations = violations()
        if !violations.isEmpty { throw .invalid(violations) }
    }

    private func extraViolation() -> Violation? {
        guard let extra else { return nil }
        do throws(Rejection) {
            let canonical = try Operation.canonicalExtra(fromJSON: extra) ?? "{}"
            if canonical.utf8.elementsEqual(extra.utf8) { return nil }
            return Violation(
                field: "extra", problem: "is not in canonical form: use Operation.canonicalExtra(fromJSON:)")
        } catch {
            return Violation(field: error.field ?? "extra", problem: error.message)
        }
    }

    private func text(of field: OperationField) -> String? {
        switch field {
        case .opId: opId
        case .timestamp: nil
        case .opSource: opSource
        case .opType: opType
        case .doPrefix: doPrefix
        case .doRepository: doRepository
        case .doid: doid
        case .producerId: producerId
        case .opActor: opActor
        case .requestBodyHash: requestBodyHash
        case .responseBodyHash: responseBodyHash
        case .clientIp: clientIp
        case .serverIp: serverIp
        }
    }
}

extension Operation {
    /// The form of ``extra`` that the contract wants: one JSON object as RFC 8785 writes it.
    ///
    /// - Parameter json: a JSON object; integers beyond ±(2^53-1) are allowed only as RFC 8785 writes the double that they
    ///   are, so that canonical text is accepted as it is.
    /// - Returns: `nil` for an object without members.
    /// - Throws: a ``Rejection``: `malformed` if it is not one JSON object (nesting counts as in a message: the object is
    ///   level 1), `invalid` if a number is not allowed or the canonical form is too large.
    public static func canonicalExtra(fromJSON json: String) throws(Rejection) -> String? {
        try canonicalExtra(fromJSON: json.utf8.span)
    }

    /// The same from UTF-8.
    public static func canonicalExtra(fromJSON json: [UInt8]) throws(Rejection) -> String? {
        try canonicalExtra(fromJSON: json.span)
    }

    private static func canonicalExtra(fromJSON json: Span<UInt8>) throws(Rejection) -> String? {
        guard json.count <= OperationDecoder.maximumValueSize else {
            throw .invalid([.extraTooLarge(json.count)])
        }
        var parser = JSONParser(numberRule: .canonicalText)
        var object = OperationObject()
        do throws(JSONError) {
            try JSONParser.validate(json)
            try object.readExtra(json, with: &parser)
            try parser.expectEnd(json)
        } catch {
            throw .malformed(error, duplicateName: parser.duplicateName)
        }
        let violations = object.extraViolations()
        if !violations.isEmpty { throw .invalid(violations, unlisted: object.unlistedViolations) }
        return object.extra
    }
}
