import GateCore
import GateCurl
import NIOCore
import Synchronization

/// The stream on which a legacy server sends messages of its own: opened again whenever it ends, unless the server does not offer it.
final class ServerStream: CurlSink {
    private struct State {
        var hold = TransferHold()
        var reader: ReplyReader
        var token: AccessToken?
        var backoff = Backoff(initial: .seconds(1), maximum: .seconds(60))
    }

    private let link: StreamableHTTPLink
    private let state: Mutex<State>

    init(link: StreamableHTTPLink) {
        self.link = link
        state = Mutex(State(reader: ReplyReader(limit: link.maxMessageBytes)))
    }

    func open() {
        let started = state.withLock { state -> (Int, String)? in
            guard let number = state.hold.begin() else { return nil }
            state.reader = ReplyReader(limit: link.maxMessageBytes, resuming: state.reader.decoder)
            return (number, state.reader.decoder.lastEventID)
        }
        guard let (number, lastEventID) = started else { return }
        link.tokens.authorize(link.streamRequest(lastEventID: lastEventID)) { result in
            guard !self.state.withLock({ $0.hold.isOver }) else { return }
            switch result {
            case .success(let (request, token)):
                self.state.withLock { $0.token = token }
                let transfer = self.link.agent.start(request, sink: self)
                if self.state.withLock({ $0.hold.attach(transfer, number: number) }) { transfer.cancel() }
            case .failure: self.finished(nil)
            }
        }
    }

    func end() {
        if case .some(let transfer) = state.withLock({ $0.hold.end() }) { transfer?.cancel() }
    }

    func head(_ head: CurlResponseHead) {
        let (isOffered, token) = state.withLock { state in
            _ = state.reader.head(head)
            // A token that is no longer taken will be another one at the next attempt.
            let isPassing = state.reader.status >= 500 || (state.reader.status == 401 && state.token != nil)
            return (state.reader.form == .events || isPassing, state.token)
        }
        link.tokens.answered(head.status, token)
        if !isOffered { end() }
    }

    func body(_ bytes: UnsafeRawBufferPointer) -> CurlFlow {
        var messages: [ByteBuffer] = []
        let fault = state.withLock { state -> LinkFailure? in
            guard !state.hold.isOver, state.reader.form == .events else { return nil }
            return state.reader.take(bytes) { event in
                state.backoff.reset()
                if event.kind == .message { messages.append(event.data) }
            }
        }
        for message in messages { link.deliver(message, exchange: nil) }
        // Without this stream the tools are still listed by the clock.
        if fault != nil { end() }
        return .proceed
    }

    func finished(_ error: CurlError?) {
        let delay = state.withLock { state -> Int64? in
            guard !state.hold.isOver else { return nil }
            let own = state.backoff.next(random: Double.random(in: 0..<1)).wholeNanoseconds / 1_000_000
            return max(own, min(state.reader.decoder.retryMilliseconds ?? 0, 60_000))
        }
        guard let delay else { return }
        link.schedule(after: delay) { self.open() }
    }
}
