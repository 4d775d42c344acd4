extension Supervisor {
    /// One line for the operator: what to do next.
    ///
    /// - Parameter server: the configured name of the backend.
    package func advice(server: String, now: Instant) -> String {
        switch state {
        case .disabled:
            return "Set enabled = true for '\(server)' in the configuration, then run `stonegate reload`."
        case .starting:
            let seconds = since.duration(to: now).components.seconds
            return seconds < 30
                ? "Nothing to do: it is starting, calls wait for it."
                : "It has been starting for \(seconds) s. Run its command by hand to see what it waits for."
        case .running:
            return "Nothing to do."
        case .degraded:
            if misses == 0, impairment == reason {
                return "It works, but \(reason). Look at its log and its version."
            }
            return policy.autoRestart
                ? "It \(reason); after \(policy.missesBeforeRestart) it is restarted. Look at its load and its stderr."
                : "It \(reason). Run `gatecall server restart \(server)` (auto_restart is off)."
        case .backingOff:
            return "It failed (\(reason)); next try in \(retrySeconds(now)) s. \(cause)"
        case .crashLooping:
            return "It keeps failing (\(reason)); next try in \(retrySeconds(now)) s. \(cause) "
                + "Then run `gatecall server restart \(server)`."
        case .blocked:
            return "It is not started: \(reason) Then run `stonegate reload` or `gatecall server restart \(server)`."
        case .stopping:
            return "Nothing to do: it is being stopped."
        case .stopped:
            return wakesOnCall
                ? "Nothing to do: the next call starts it."
                : "Run `gatecall server start \(server)`. It is not running: \(reason)."
        }
    }

    private func retrySeconds(_ now: Instant) -> Int64 {
        nextRetry.map { now.duration(to: $0).wholeSecondsUp } ?? 1
    }

    /// What the way it ended says about the cause.
    private var cause: String {
        switch endedByItself ? lastExit : nil {
        case .code(127): "Its command was not found: check `command` and PATH."
        case .code(126): "Its command cannot be executed: check the file's permissions."
        case .code(0): "It ended without an error: check that `args` make it serve MCP over stdio."
        case .signal(9): "It was killed: check the memory limits of this machine."
        case .signal(6), .signal(11), .signal(4): "It crashed: look at its stderr and at its version."
        case .code, .signal: "Look at its stderr, and check `command`, `args` and `env`."
        case .disconnected: "Look at its stderr; run its command by hand, or check that it can be reached."
        case nil: "Check that it can be reached and look at its log."
        }
    }
}
