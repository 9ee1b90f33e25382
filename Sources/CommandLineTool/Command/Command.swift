/// One command, declared: what it takes, what it does, what stands below it. Parser, help, errors and the completions of
/// the shells all work from the declaration.
///
/// Flags and options of a command with subcommands hold for all of these, and may stand before or behind their names.
package struct Command: Sendable {
    package typealias Run = @Sendable (ParsedArguments, Terminal) async throws -> ExitCode

    package var name: String
    /// One line.
    package var abstract: String
    /// What help says below the usage line, paragraphs separated by empty lines. A paragraph that starts with a space stays
    /// as it is.
    package var discussion: String
    /// The heading of the parent's help that it stands under.
    package var group: String?
    /// For the root: what `--version` prints.
    package var version: String?
    package var parameters: [Parameter]
    package var subcommands: [Command]
    package var run: Run?

    /// A command that does something.
    package init(
        _ name: String, abstract: String, discussion: String = "", group: String? = nil,
        parameters: [any ParameterDeclaration] = [], run: @escaping Run
    ) {
        self.name = name
        self.abstract = abstract
        self.discussion = discussion
        self.group = group
        self.parameters = parameters.map(\.parameter)
        self.subcommands = []
        self.run = run
    }

    /// A command that only leads to others.
    package init(
        _ name: String, abstract: String, discussion: String = "", group: String? = nil, version: String? = nil,
        parameters: [any ParameterDeclaration] = [], subcommands: [Command]
    ) {
        self.name = name
        self.abstract = abstract
        self.discussion = discussion
        self.group = group
        self.version = version
        self.parameters = parameters.map(\.parameter)
        self.subcommands = subcommands
    }
}
