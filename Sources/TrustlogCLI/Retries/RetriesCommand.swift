import CommandLineTool

/// `trustlog retries list|show|requeue|discard`: what waits for a retry, and dead letters.
enum RetriesCommand {
    static let command: Command = Command(
        "retries", abstract: "Show what could not be published, try it again, or give it up.",
        discussion: """
            A record that is refused alone has a row in trustlog_retry: PENDING until its next try, DEAD_LETTER when its \
            retries are used up and somebody has to decide.

            Filters add up: '--dead --error too-large' are the dead letters whose last error contains 'too-large'.
            """,
        group: CommandGroup.operation,
        subcommands: [
            RetriesListCommand.command, RetriesShowCommand.command, RetriesRequeueCommand.command,
            RetriesDiscardCommand.command,
        ])
}
