import GateCore
import NIOCore
import NIOHTTP1

extension HTTPConnection {
    /// Ends the connection when it has waited too long for its client.
    func checkTimers(now: NIODeadline) {
        guard let context else { return }
        let unsent = (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        unsentCharge.set(unsent)
        if isStalled(unsent: unsent, now: now) {
            abort(.writeStalled)
            return
        }
        let waited = now - phaseStart
        switch phase {
        case .idle:
            if waited >= shared.times.idle { context.close(promise: nil) }
        case .head:
            if waited >= shared.times.head { refuse(HTTPRefusal(.requestTimeout, "the request head took too long")) }
        case .body:
            if isBodyLate(waited) { refuse(HTTPRefusal(.requestTimeout, "the request body came too slowly")) }
        case .lingering:
            if unsent > 0 {
                phaseStart = now
            } else if waited >= shared.times.linger {
                context.close(promise: nil)
            }
        case .responding, .closed: break
        }
    }

    private func isStalled(unsent: Int, now: NIODeadline) -> Bool {
        let sent = submittedBytes - unsent
        guard unsent > 0, sent == sentBytes, let since = stalledSince else {
            sentBytes = sent
            stalledSince = unsent > 0 ? now : nil
            return false
        }
        return now - since >= shared.times.writeStall
    }

    private func isBodyLate(_ waited: TimeAmount) -> Bool {
        shared.times.isBodyLate(waited, received: bodyReader?.received ?? 0, minRate: shared.limits.minBodyRate)
    }

    /// The server stops: an idle connection ends now, a busy one behind its response.
    func stopGracefully() {
        switch phase {
        case .idle: context?.close(promise: nil)
        case .responding(let exchange, _): exchange.shuttingDown()
        case .head, .body, .lingering, .closed: break
        }
    }
}
