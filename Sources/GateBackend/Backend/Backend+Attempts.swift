import GateCore
import GateProtocol
import Logging
import NIOCore
import Synchronization

/// Sending a call that has been let in, and sending it again where that is harmless.
extension Backend {
    /// How long a server that answered 502, 503 or 504, or a connection that broke, is given before the next attempt.
    private static let pause = TimeAmount.milliseconds(100)

    /// - Parameter isUnreachable: set when the failure lies in reaching the server and not in waiting for it.
    func send(
        _ call: BackendCall, on first: BackendConnection, isUnreachable: inout Bool
    ) async throws(GateError) -> WireMessage {
        var request = BackendRequest(call)
        // An instance of its own is what the operator made of the name: there it is enough.
        if settings.isolation == .perAgent || settings.isolation == .perSession, case .agent(let name)? = request.owner
        {
            request.owner = .namedAgent(name)
        }
        if settings.questions.isOff { request.listener?.capabilities = [] }
        var connection = first
        var rule = RetryRule(isRepeatable: call.isRepeatable)
        var isRenegotiated = false
        // Once something was sent, no later failure can say that nothing was.
        var uncertain: GateError?
        state.withLock { $0.retries.noteCall() }
        while true {
            if let refusal = refusal(call.operation) { throw uncertain ?? refusal }
            let failure: GateError
            call.trace?.note { facts in
                facts.enter(.backend, now: .now)
                facts.attempts += 1
            }
            do throws(GateError) {
                if request.listener?.logLevel != nil { await connection.raiseLogLevel(for: request) }
                let reply = try connection.checked(try await reply(to: request, call, on: connection), call.operation)
                guard reply.envelope.kind == .failure, !isRenegotiated,
                    await wasRefusedForItsEra(reply, on: connection)
                else { return reply }
                isRenegotiated = true
                let other = try await readyConnection(deadline: call.deadline, notices: call.notices)
                // It has not changed after all: its refusal stands.
                guard other.era != connection.era else { return reply }
                connection = other
                continue
            } catch {
                failure = error
            }
            if !isRenegotiated, await wasRefusedForItsEra(failure, on: connection) {
                isRenegotiated = true
                let other = try await readyConnection(deadline: call.deadline, notices: call.notices)
                guard other.era != connection.era else { throw failure }
                connection = other
                continue
            }
            if failure.sent { uncertain = failure }
            guard repeats(failure, &rule, call) else {
                isUnreachable = failure.code == .backendDown
                throw failure.sent ? failure : uncertain ?? failure
            }
            logger.debug("a call is tried again", metadata: ["code": "\(failure.code)", "sent": "\(failure.sent)"])
            call.trace?.note { facts in
                facts.enter(.startup, now: .now)
                facts.repeats.append("\(failure.code)")
            }
            dropIfEnded(connection)
            do throws(GateError) {
                if failure.sent, connection.closeReason == nil {
                    try? await loop.scheduleTask(in: Backend.pause) {}.futureResult.get()
                }
                connection = try await readyConnection(deadline: call.deadline, notices: call.notices)
            } catch {
                throw uncertain ?? error
            }
        }
    }

    private func reply(
        to request: BackendRequest, _ call: BackendCall, on connection: BackendConnection
    ) async throws(GateError) -> WireMessage {
        guard case .tool = call.operation else { return try await connection.send(request) }
        return try await connection.sendCall(request, demanded: call.demandsTask)
    }

    private func repeats(_ failure: GateError, _ rule: inout RetryRule, _ call: BackendCall) -> Bool {
        let now = Instant.now
        guard now < call.deadline, !Task.isCancelled, rule.permits(failure.retryKind) else { return false }
        return state.withLock { $0.retries.take(now: now) }
    }
}

extension GateError {
    var retryKind: RetryRule.Failure {
        switch code {
        case .backendDown where !sent: .notSent
        case .backendDied where sent, .outcomeUnknown where sent: .lostAfterSend
        case .backendError where sent && upstreamStatus.map([502, 503, 504].contains) == true: .lostAfterSend
        default: .final
        }
    }

    /// What the failure says of the server's health. The breaker counts failures to reach it, timeouts, crashes and answers
    /// against the protocol; what a server or tool said about the call itself counts neither way.
    func outcome(isUnreachable: Bool) -> CircuitBreaker.Outcome {
        switch code {
        case .cancelled, .overloaded, .starting, .backendDisabled, .toolChanged, .toolNotApproved,
            .credentialsUnavailable:
            .cancelled
        case .backendDown where !sent && !isUnreachable: .cancelled
        case .backendError where upstreamStatus.map { (400..<500).contains($0) } == true: .toolError
        default: .failure
        }
    }
}
