import GateProtocol
package import NIOCore
import Synchronization

/// What comes in: answers go to their requests, progress to its caller, everything else to the observer.
extension BackendConnection {
    package func linkReceived(_ message: ByteBuffer, exchange: UInt64?) {
        let parsed: WireMessage
        do throws(EnvelopeFault) {
            parsed = try WireMessage(message, limits: limits)
        } catch {
            countStray()
            if let exchange {
                fail(exchange, broken("its answer is not a valid message: \(error.message)"))
            }
            return
        }
        switch parsed.envelope.kind {
        case .result, .failure: answer(parsed, exchange: exchange)
        case .request: asked(parsed, exchange: exchange)
        case .notification: notice(parsed, exchange: exchange)
        }
    }

    package func linkFailed(exchange: UInt64, _ failure: LinkFailure) {
        // First, so that the caller's second attempt does not meet this connection again.
        if case .sessionLost = failure.kind { state.withLock { $0.onSessionLost }?() }
        fail(exchange, error(for: failure))
    }

    package func linkClosed(_ reason: String, unsent: [UInt64]) {
        let (unsent, entries, observer, questions) = state.withLock { state in
            // They hold this conversation, so it would never be let go.
            defer {
                state.onNotice = nil
                state.onClose = nil
                state.onSessionLost = nil
            }
            let unsent = unsent.compactMap { state.table.remove($0) }
            return (unsent, state.table.close(reason), state.onClose, state.questions.removeAll())
        }
        // First, so that the second attempt of a call that was not sent does not meet this connection again.
        observer?(reason)
        for entry in questions { entry.question.withdraw() }
        for entry in unsent { entry.reply.resume(returning: .failure(down(reason))) }
        for entry in entries { entry.reply.resume(returning: .failure(died(reason))) }
    }

    private func answer(_ message: WireMessage, exchange: UInt64?) {
        // An error without an id answers the request on whose stream it came.
        guard let key = message.envelope.id.flatMap({ requestKey(message, $0) }) ?? exchange,
            exchange == nil || exchange == key,
            let entry = state.withLock({ state in
                state.unanswered = 0
                // The answer may say that it goes on as a task.
                if !state.table.expectsTask(key) { state.givenUp.remove(key) }
                return state.table.remove(key)
            })
        else {
            let id = message.envelope.id.flatMap { requestKey(message, $0) } ?? exchange
            if let id, state.withLock({ $0.table.wasForgotten(id) }) { return }
            if let id, state.withLock({ $0.table.tookTask(id) }) { return cancelLate(message) }
            countStray()
            if let exchange { fail(exchange, broken("its answer carries another request's id.")) }
            return
        }
        endQuestions(of: message.envelope.id.flatMap { requestKey(message, $0) } ?? exchange, entry)
        entry.reply.resume(returning: .success(message))
    }

    /// The gateway's own ids are positive integers; some servers echo them as strings.
    func requestKey(_ message: WireMessage, _ id: JSONField) -> UInt64? {
        message.buffer.withUnsafeReadableBytes { text in
            var key: UInt64 = 0
            let digits = id.content
            guard !digits.isEmpty, digits.count <= 19 else { return nil }
            for index in digits {
                let digit = text[index] &- 0x30
                guard digit < 10 else { return nil }
                key = key &* 10 &+ UInt64(digit)
            }
            return key
        }
    }

    private func notice(_ message: WireMessage, exchange: UInt64?) {
        if message.isMethod(MCPMethod.progress) {
            guard let token = message.param("progressToken"), let key = requestKey(message, token),
                let value = message.param("progress").flatMap({
                    Double(String(decoding: message.bytes($0.value), as: UTF8.self))
                }),
                let listener = state.withLock({ $0.table.progress(key, value: value) })
            else {
                countStray()
                return
            }
            listener.onEvent(.progress(message.progressMembers))
            return
        }
        if message.isMethod(MCPMethod.message) { return logged(message, exchange: exchange) }
        if message.isMethod(MCPMethod.cancelled) { return tookBack(message) }
        state.withLock { $0.onNotice }?(message)
    }

    private func fail(_ key: UInt64, _ error: GateError) {
        let found = state.withLock { state -> PendingTable.Entry? in
            guard let entry = state.table.remove(key) else { return nil }
            if error.sent { state.noteGivenUp(key, entry, now: .now) }
            return entry
        }
        guard let entry = found else { return }
        endQuestions(of: key, entry)
        entry.reply.resume(returning: .failure(error))
    }

    package func linkSkipped(_ count: Int) { state.withLock { $0.strayMessages += count } }

    func countStray() { state.withLock { $0.strayMessages += 1 } }
}

extension WireMessage {
    /// The members of a progress notice that are passed on: all but the token and `_meta`.
    var progressMembers: ByteBuffer {
        var out = ByteBuffer()
        for field in envelope.params?.list ?? [] {
            let isOwn = buffer.withUnsafeReadableBytes {
                JSONString.equal($0, field.key, "progressToken") || JSONString.equal($0, field.key, "_meta")
            }
            if isOwn { continue }
            if out.readableBytes > 0 { out.writeStaticString(",") }
            out.writeStaticString("\"")
            out.writeImmutable(slice(field.key))
            out.writeStaticString("\":")
            out.writeImmutable(slice(field.value))
        }
        return out
    }
}
