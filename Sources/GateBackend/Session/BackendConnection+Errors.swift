import GateProtocol

/// The words for each way in which a request can go wrong. Every one says whether it was sent.
extension BackendConnection {
    func down(_ reason: String) -> GateError {
        GateError(
            .backendDown, "Server '\(server)' is not running: \(reason). The call was not sent; try again shortly.",
            source: .backend, server: server)
    }

    func died(_ reason: String) -> GateError {
        GateError(
            .backendDied,
            "Server '\(server)' ended while the call was running: \(reason). Whether the call took effect is unknown.",
            source: .backend, server: server, sent: true)
    }

    func timedOut() -> GateError {
        GateError(
            .timeout,
            "Server '\(server)' did not answer in time. It was told to cancel; whether the call took effect is unknown.",
            source: .backend, server: server, sent: true)
    }

    /// The deadline passed while the request waited behind what the server did not read.
    func timedOutUnsent() -> GateError {
        var error = GateError(
            .timeout,
            "Server '\(server)' could not be given the call in time: it does not read its input, or its access token has not come. "
                + "The call was not sent.", source: .backend, server: server)
        error.retryable = true
        return error
    }

    func cancelled() -> GateError {
        GateError(
            .cancelled, "The caller cancelled the call. Server '\(server)' was told.", source: .caller, server: server,
            sent: true)
    }

    func cancelledUnsent() -> GateError {
        GateError(
            .cancelled, "The caller cancelled the call before it was sent to server '\(server)'.", source: .caller,
            server: server)
    }

    func broken(_ what: String) -> GateError {
        GateError(
            .backendProtocolError, "Server '\(server)' broke the protocol: \(what)", source: .backend, server: server,
            sent: true)
    }

    func error(for failure: LinkFailure) -> GateError {
        switch failure.kind {
        case .network where !failure.sent, .sessionLost:
            return down(failure.message)
        case .network:
            return GateError(
                .outcomeUnknown,
                "The connection to server '\(server)' broke: \(failure.message). Whether the call took effect is unknown.",
                source: .backend, server: server, sent: true)
        case .status(let status, let body):
            let shown = body.isEmpty ? "" : ": \(body)"
            let advice =
                switch status {
                case 401, 403: " Check this backend's credentials (`headers` or `oauth`)."
                case 404: " Check this backend's `url`."
                case 429: " It asks for fewer calls."
                default: ""
                }
            var error = GateError(
                .backendError, "Server '\(server)' answered HTTP \(status)\(shown).\(advice)", source: .backend,
                server: server, sent: failure.sent)
            error.upstreamStatus = status
            return error
        case .noToken(let wait):
            return GateError.credentialsUnavailable(server, failure.message, retryAfter: wait, sent: failure.sent)
        case .protocolBreach, .tooLarge:
            var error = broken(failure.message)
            error.sent = failure.sent
            return error
        }
    }
}
