/// A switch: `--dry-run`.
package struct Flag: ParameterDeclaration {
    package let parameter: Parameter

    package init(_ name: String, short: Character? = nil, help: String) {
        parameter = Parameter(
            kind: .flag, name: name, short: short, valueName: "", help: help, isRequired: false, isRepeated: false,
            defaultText: nil, allowedValues: [], completion: .none, expectation: "", read: { _ in true })
    }
}

/// A named value: `--from POSITION`. Its type says how often it may stand there: `Option<Int?>` once at most, `Option<Int>`
/// once (or never, with a default), `Option<[Int]>` any number of times. Of several where one is allowed the last holds.
package struct Option<Result: Sendable>: ParameterDeclaration {
    package let parameter: Parameter
    let collect: @Sendable ([any Sendable]) -> Result?

    /// An option that may be left out.
    package init<Value: ExpressibleByArgument>(
        _ name: String, short: Character? = nil, valueName: String, help: String, completion: CompletionKind? = nil
    ) where Result == Value? {
        parameter = .taking(Value.self, .option, name, short: short, valueName, help, completion: completion)
        collect = { .some($0.last as? Value) }
    }

    /// An option that must be given, or takes the default.
    package init(
        _ name: String, short: Character? = nil, valueName: String, help: String, default: Result? = nil,
        completion: CompletionKind? = nil
    ) where Result: ExpressibleByArgument {
        parameter = .taking(
            Result.self, .option, name, short: short, valueName, help, completion: completion,
            isRequired: `default` == nil, default: `default`)
        collect = { $0.last as? Result ?? `default` }
    }

    /// An option that may be given several times.
    package init<Value: ExpressibleByArgument>(
        _ name: String, short: Character? = nil, valueName: String, help: String, completion: CompletionKind? = nil
    ) where Result == [Value] {
        parameter = .taking(
            Value.self, .option, name, short: short, valueName, help, completion: completion, isRepeated: true)
        collect = { $0.compactMap { $0 as? Value } }
    }
}

/// A value by its place: `FILE`. Its type says how many: `Argument<String>` one, `Argument<String?>` at most one,
/// `Argument<[String]>` any number.
package struct Argument<Result: Sendable>: ParameterDeclaration {
    package let parameter: Parameter
    let collect: @Sendable ([any Sendable]) -> Result?

    package init<Value: ExpressibleByArgument>(
        _ name: String, help: String, completion: CompletionKind? = nil
    ) where Result == Value? {
        parameter = .taking(Value.self, .argument, name, name, help, completion: completion)
        collect = { .some($0.last as? Value) }
    }

    package init(
        _ name: String, help: String, completion: CompletionKind? = nil
    ) where Result: ExpressibleByArgument {
        parameter = .taking(Result.self, .argument, name, name, help, completion: completion, isRequired: true)
        collect = { $0.last as? Result }
    }

    package init<Value: ExpressibleByArgument>(
        _ name: String, help: String, completion: CompletionKind? = nil
    ) where Result == [Value] {
        parameter = .taking(Value.self, .argument, name, name, help, completion: completion, isRepeated: true)
        collect = { $0.compactMap { $0 as? Value } }
    }
}

extension Parameter {
    fileprivate static func taking<Value: ExpressibleByArgument>(
        _ type: Value.Type, _ kind: Kind, _ name: String, short: Character? = nil, _ valueName: String, _ help: String,
        completion: CompletionKind?, isRequired: Bool = false, isRepeated: Bool = false, default: Value? = nil
    ) -> Parameter {
        let allowed = Value.allValueStrings
        return Parameter(
            kind: kind, name: name, short: short, valueName: valueName, help: help, isRequired: isRequired,
            isRepeated: isRepeated, defaultText: `default`?.argumentText, allowedValues: allowed,
            completion: completion ?? (allowed.isEmpty ? .none : .list(allowed)),
            expectation: Value.argumentExpectation, read: { Value(argument: $0) })
    }
}
