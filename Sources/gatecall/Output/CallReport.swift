import ArgumentParser
import GateProtocol
import GateTerminal

/// An asynchronous call for people.
struct CallReport {
    let state: CallState

    init(_ state: CallState) { self.state = state }

    private var toolFailed: Bool { state.result?["isError"]?.boolValue ?? false }

    var statusCell: Table.Cell {
        switch state.status {
        case .complete: .init(state.status.rawValue, .green)
        case .failed, .outcomeUnknown: .init(state.status.rawValue, .red)
        case .cancelled: .init(state.status.rawValue, .yellow)
        default: .init(state.status.rawValue)
        }
    }

    /// How it stands, and its outcome.
    func print() {
        var lines: [(String, Table.Cell)] = [
            ("call", .init(state.id)), ("status", statusCell), ("tool", .init("\(state.server)/\(state.tool)", .bold)),
            ("submitted", .init(state.submittedAt)),
        ]
        if let progress = state.progress, !state.status.isEnd {
            lines.append(("progress", .init(ProgressBar.words(progress))))
        }
        if let milliseconds = state.durationMilliseconds {
            lines.append(("took", .init(Spoken.seconds(milliseconds / 1_000))))
        }
        if let expiresAt = state.expiresAt { lines.append(("kept until", .init(expiresAt))) }
        Screen.print(lines)
        if state.status.isEnd {
            Console.print("")
            printResult()
        }
    }

    func printResult() {
        if let error = state.error {
            Console.complain(Failure(error).report(style: Screen.errorStyle))
        } else if let result = state.result {
            let text = ToolOutput.text(result)
            if toolFailed {
                Console.complain(Screen.errorStyle.apply(.red, "gatecall: the tool failed: ") + text)
            } else {
                Console.print(text)
            }
        }
    }

    /// - Throws: the exit code of a call that ended in this way, unless it is 0.
    func exit() throws {
        if toolFailed { throw ExitCode.toolFailed }
        if let error = state.error { throw Failure(error).exitCode }
    }
}
