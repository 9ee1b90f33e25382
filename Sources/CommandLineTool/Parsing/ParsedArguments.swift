/// The values of a command line, reached by the declarations of its flags, options and arguments.
package struct ParsedArguments: Sendable {
    private var values: [String: [any Sendable]] = [:]

    package init() {}

    mutating func append(_ value: any Sendable, to parameter: Parameter) {
        values[parameter.label, default: []].append(value)
    }

    func has(_ parameter: Parameter) -> Bool {
        values[parameter.label] != nil
    }

    /// Whether the flag stands there.
    package subscript(flag: Flag) -> Bool {
        has(flag.parameter)
    }

    /// The option's value. A required option has one whenever the command that declares it runs.
    package subscript<Result>(option: Option<Result>) -> Result {
        guard let result = option.collect(values[option.parameter.label] ?? []) else {
            preconditionFailure("the running command does not declare \(option.parameter.label)")
        }
        return result
    }

    /// The argument's value. A required argument has one whenever the command that declares it runs.
    package subscript<Result>(argument: Argument<Result>) -> Result {
        guard let result = argument.collect(values[argument.parameter.label] ?? []) else {
            preconditionFailure("the running command does not declare \(argument.parameter.label)")
        }
        return result
    }
}
