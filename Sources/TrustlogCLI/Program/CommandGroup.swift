/// The headings under which the root's help lists the commands.
enum CommandGroup {
    static let service = "Service"
    static let operation = "Operation"
    static let records = "Records"
    static let setup = "Set-up"
}
