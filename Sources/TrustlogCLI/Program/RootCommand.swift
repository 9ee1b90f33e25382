package import CommandLineTool

/// The command line of the program.
package enum RootCommand {
    package static let command: Command = Command(
        Program.name,
        abstract: "Consumes operations from Kafka, keeps them in SQL, and publishes each as a signed record.",
        discussion: """
            Settings come from a YAML file, then the environment (TRUSTLOG_INPUT_TOPIC=...), then --set; the later wins. \
            'trustlog config schema' lists them.

            Exit codes: 0 done; 1 failed; 2 evidence invalid or incomplete; 64 usage; 69 broker or database \
            unreachable; 78 configuration.
            """,
        version: Program.version,
        parameters: GlobalOptions.all,
        subcommands: [
            RunCommand.command,
            StatusCommand.command,
            CursorsCommand.command,
            ReplayCommand.command,
            RetriesCommand.command,
            HealthCommand.command,
            DemoCommand.command,
            ProduceCommand.command,
            TailCommand.command,
            VerifyCommand.command,
            AuditCommand.command,
            MigrateCommand.command,
            ConfigCommand.command,
            KeygenCommand.command,
            CompletionsCommand.command,
        ])
}
