import GateCore
import GateCurl
import GateProtocol
import NIOCore
import Synchronization

/// One POST and what comes back for it, the taking up of a broken stream included.
final class LinkExchange: CurlSink {
    private struct State {
        var hold = TransferHold()
        var reader: ReplyReader
        /// The request, which may have to wait for a connection, and what has come of the answer.
        var charge: MemoryCharge
        var requestBytes = 0
        /// Not a byte has left: there is no access token yet.
        var waitsForToken = false
        var token: AccessToken?
        /// Attempts to take the stream up since the last event.
        var resumes = 0
        var hasResumed = false

        mutating func ending(_ error: CurlError?, _ exchange: LinkExchange) -> ReplyReader.Ending? {
            guard !hold.isOver else { return nil }
            let ending = exchange.decide(error, self)
            if case .resume = ending {
                resumes += 1
                hasResumed = true
            }
            return ending
        }

        mutating func settle() { charge.set(hold.isOver ? 0 : requestBytes + reader.heldBytes) }
    }

    private static let maxResumes = 5

    let key: UInt64?
    private let kind: Kind
    private let link: StreamableHTTPLink
    private let carriedSession: Bool
    private let mayResume: Bool
    private let state: Mutex<State>

    enum Kind: Sendable { case initialize, initialized, plain }

    init(link: StreamableHTTPLink, key: UInt64?, kind: Kind, carriedSession: Bool, mayResume: Bool) {
        self.link = link
        self.key = key
        self.kind = kind
        self.carriedSession = carriedSession
        self.mayResume = mayResume
        state = Mutex(
            State(reader: ReplyReader(limit: link.maxMessageBytes), charge: MemoryCharge(link.budget)))
    }

    func start(_ request: CurlRequest) {
        let number = state.withLock { state in
            state.requestBytes = request.body?.count ?? 0
            defer { state.settle() }
            return state.hold.begin()
        }
        guard let number else { return }
        guard link.tokens.tokens != nil else { return start(request, number) }
        state.withLock { $0.waitsForToken = true }
        link.tokens.authorize(request) { result in self.start(result, number) }
    }

    private func start(_ request: CurlRequest, _ number: Int) {
        let transfer = link.agent.start(request, sink: self)
        if state.withLock({ $0.hold.attach(transfer, number: number) }) { transfer.cancel() }
    }

    private func start(_ result: Result<(CurlRequest, AccessToken?), LinkFailure>, _ number: Int) {
        let isWanted = state.withLock { state in
            state.waitsForToken = false
            return !state.hold.isOver
        }
        guard isWanted else { return }
        switch result {
        case .success(let (request, token)):
            state.withLock { $0.token = token }
            start(request, number)
        case .failure(let failure):
            if kind == .initialized { link.openGate() }
            fail(state.withLock { $0.hasResumed } ? failure.afterSending : failure)
        }
    }

    /// Ends it without a word to the receiver.
    /// - Returns: whether not a byte of it has left.
    @discardableResult
    func abandon() -> Bool {
        let (transfer, isUnsent) = state.withLock { state in
            defer { state.settle() }
            return (state.hold.end(), state.waitsForToken && !state.hasResumed)
        }
        if case .some(let transfer) = transfer { transfer?.cancel() }
        return isUnsent
    }

    private func end() -> CurlTransfer?? {
        state.withLock { state in
            defer { state.settle() }
            return state.hold.end()
        }
    }

    // MARK: CurlSink

    func head(_ head: CurlResponseHead) {
        let (fault, isSuccess, token) = state.withLock { ($0.reader.head(head), $0.reader.isSuccess, $0.token) }
        link.tokens.answered(head.status, token)
        if kind == .initialize, isSuccess { link.adopt(session: head.value(MCPHeader.session)) }
        if kind == .initialized { link.openGate() }
        if let fault { fail(fault) }
    }

    func body(_ bytes: UnsafeRawBufferPointer) -> CurlFlow {
        var messages: [ByteBuffer] = []
        let fault = state.withLock { state -> LinkFailure? in
            guard !state.hold.isOver else { return nil }
            defer { state.settle() }
            return state.reader.take(bytes) { event in
                state.resumes = 0
                if event.kind == .message { messages.append(event.data) }
            }
        }
        // The receiver may come back to this exchange: no lock is held here.
        for message in messages { link.deliver(message, exchange: key) }
        if let fault { fail(fault) }
        return .proceed
    }

    func finished(_ error: CurlError?) {
        if kind == .initialized { link.openGate() }
        guard let ending = state.withLock({ $0.ending(error, self) }) else { return }
        switch ending {
        case .resume: link.schedule(after: resumeDelay) { self.resume() }
        case .done: close()
        case .deliver(let message):
            if close() { link.deliver(message, exchange: key) }
        case .fail(let failure): fail(failure)
        }
    }

    // MARK: Ending

    private func fail(_ failure: LinkFailure) {
        guard close() else { return }
        if case .sessionLost = failure.kind { link.forgetSession() }
        if let key { link.report(failure, exchange: key) }
    }

    @discardableResult
    private func close() -> Bool {
        guard case .some(let transfer) = end() else { return false }
        transfer?.cancel()
        link.remove(self)
        return true
    }

    // MARK: Taking up a broken stream (2025-11-25)

    private var resumeDelay: Int64 {
        state.withLock { min($0.reader.decoder.retryMilliseconds ?? 1_000, 30_000) }
    }

    private func resume() {
        let decoder = state.withLock { state in
            state.reader = ReplyReader(limit: link.maxMessageBytes, resuming: state.reader.decoder)
            return state.reader.decoder
        }
        start(link.streamRequest(lastEventID: decoder.lastEventID))
    }

    private func decide(_ error: CurlError?, _ state: State) -> ReplyReader.Ending {
        let reader = state.reader
        guard key != nil else {
            // Nobody waits for the answer to a notice.
            if reader.status == 404, carriedSession { link.forgetSession() }
            return .done
        }
        let mayGoOn = state.resumes < Self.maxResumes
        let ending = reader.ending(error, carriedSession: carriedSession, mayResume: mayResume && mayGoOn)
        guard state.hasResumed, case .fail = ending, reader.form != .events else { return ending }
        // The request was carried out, or begun: whatever the stream is refused with, it must not look as if it had not been.
        if error != nil, mayGoOn { return .resume }
        return .fail(
            LinkFailure(
                .protocolBreach, "its event stream broke before the answer and could not be taken up again.", sent: true
            ))
    }
}
