import ArgumentParser
import GateClient
import GateProtocol
import GateTerminal

/// How a failure is told: its code and message, what to do next, and the exit code.
struct Failure {
    let error: GateError

    init(_ error: GateError) { self.error = error }

    /// The lines for stderr.
    func report(style: Style) -> String {
        var lines = [
            style.apply(.red, "gatecall: \(SafeText.line(error.code.rawValue))") + ": " + SafeText.lines(error.message)
        ]
        if let detail = error.detail, let value = try? JSONValue(parsing: detail) {
            lines.append("  the server said: " + SafeText.line(value.text))
        }
        if let advice { lines.append("  " + advice) }
        if error.sent, exitCode != .toolFailed { lines.append("  The request was sent; it may have been carried out.") }
        if let id = error.correlationID { lines.append(style.apply(.dim, "  correlation id: \(SafeText.line(id))")) }
        return lines.joined(separator: "\n")
    }

    private var advice: String? {
        switch error.code {
        case .toolNotFound, .ambiguousTool:
            "Find tools with: gatecall discover WORDS, or list them with: gatecall tools"
        case .serverNotFound: "List the servers with: gatecall servers"
        case .adminRequired:
            "On the gateway's machine `stonegate token show` prints the token; pass it by GATECALL_TOKEN or --token-file."
        case .invalidParams: "See what the tool takes with: gatecall schema SERVER/TOOL"
        case .circuitOpen, .starting, .backendDown, .backendDied, .backendDisabled, .credentialsUnavailable:
            retry.map { "\($0) See the server's state with: gatecall servers" }
                ?? "See the server's state with: gatecall servers"
        default: retry
        }
    }

    private var retry: String? {
        guard error.retryable else { return nil }
        return error.retryAfter.map { "Try again in \(Spoken.count($0, "second"))." }
            ?? (error.code == .gatewayUnreachable ? nil : "Trying again may help.")
    }

    var exitCode: ExitCode {
        switch error.code {
        case .toolError, .backendError, .backendProtocolError, .backendDied, .outcomeUnknown, .unexpectedResult:
            .toolFailed
        case .gatewayUnreachable: .unreachable
        case .timeout: .timedOut
        default: .refused
        }
    }
}

extension ExitCode {
    static let toolFailed = ExitCode(1)
    static let refused = ExitCode(2)
    static let unreachable = ExitCode(3)
    static let timedOut = ExitCode(4)
}
