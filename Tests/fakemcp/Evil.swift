/// Ways to misbehave. Answer-spoiling modes honour `--evil-on` and `--evil-after`; the others act as their line says.
enum Evil: String, CaseIterable {
    // Before or beside the protocol.
    /// Four lines that are not JSON on stdout before anything else.
    case banner
    /// Exits with 0 at once.
    case exit0
    /// `exit-after=N`: exits with 1 after N answered calls.
    case exitAfter = "exit-after"
    /// Never answers `initialize` or `server/discover`.
    case hangInit = "hang-init"
    /// Closes its stdin when the first spoilt call arrives, after answering it.
    case closeStdin = "close-stdin"
    /// Closes its stdout instead of answering; goes on reading.
    case closeStdout = "close-stdout"
    /// Stops reading instead of answering.
    case noRead = "no-read"
    /// Leaves a grandchild in its process group that holds stdout and stderr.
    case forkGrandchild = "fork-grandchild"
    /// Ignores SIGTERM and the end of stdin.
    case ignoreTerm = "ignore-term"
    /// Exits with 0 instead of answering, and leaves a grandchild that holds the pipes and ignores SIGTERM.
    case daemonize
    /// Leaves a daemon: forked twice, in a session of its own, holding the pipes.
    case escape
    /// `fork-many=N`: N (200) grandchildren that ignore SIGTERM.
    case forkMany = "fork-many"
    /// `stderr-flood=N`: N bytes (8 MiB) on stderr at start and with each spoilt answer.
    case stderrFlood = "stderr-flood"

    // Spoilt answers.
    case garbage
    /// The first half of the answer, then a newline.
    case halfJSON = "half-json"
    /// `huge-line=N`: the answer has N bytes (64 MiB) of text.
    case hugeLine = "huge-line"
    /// The answer has no newline behind it.
    case noNewline = "no-newline"
    case dupReply = "dup-reply"
    case wrongID = "wrong-id"
    /// The answer comes when the call has been cancelled, and not before.
    case lateReply = "late-reply"
    /// Holds a call until the next arrives, then answers the second first.
    case reorder
    /// ping, roots/list, sampling/createMessage and an unknown request come before the answer.
    case serverRequest = "server-request"
    /// Bytes that are not UTF-8 inside the text of the answer.
    case badUTF8 = "bad-utf8"
    /// A raw NUL inside the text of the answer.
    case nul
    case crlf
    /// `progress-storm=N`: N (10,000) progress notices, half of them for a token that nobody gave.
    case progressStorm = "progress-storm"
    /// `list-change-storm=N`: N (1,000) list_changed notices after the handshake and before each spoilt answer.
    case listChangeStorm = "list-change-storm"
    /// Terminal escape codes and other control characters in texts and descriptions.
    case escapeCodes = "escape-codes"

    // Spoilt lists.
    /// `schema-bomb=N`: one tool whose schema is N (10,000) levels deep.
    case schemaBomb = "schema-bomb"
    /// Equal names, and names that clients fold together.
    case collideNames = "collide-names"
    /// One tool for each construct that breaks a client, beside good ones.
    case badTools = "bad-tools"
    /// The same `nextCursor` for ever.
    case cursorLoop = "cursor-loop"
    /// Every list has another set of tools.
    case rugPull = "rug-pull"

    // HTTP only; each takes the place of the answer.
    case httpRedirect = "http-redirect"
    case http401 = "http-401"
    case http500 = "http-500"
    /// Closes the connection without an answer.
    case httpClose = "http-close"
    /// Forgets the session once, so that a legacy client has to start over.
    case httpForget = "http-forget"
}
