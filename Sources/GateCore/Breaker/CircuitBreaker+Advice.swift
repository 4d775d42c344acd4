extension CircuitBreaker {
    /// One line for the operator; nil while the circuit is closed.
    ///
    /// - Parameter server: the configured name of the backend.
    package func advice(server: String, now: Instant) -> String? {
        switch state {
        case .closed: return nil
        case .halfOpen:
            return "Nothing to do: after \(failures) failures in a row it is being tried with a harmless request."
        case .open:
            let wait = retryAfter(now: now).map { "in \($0.wholeSecondsUp) s" } ?? "soon"
            return
                "Calls to it are refused after \(failures) failures in a row; it is tried again \(wait). Look at its last "
                + "error and its stderr; `gatecall server restart \(server)` closes the circuit at once."
        }
    }
}
