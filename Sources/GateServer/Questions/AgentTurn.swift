import GateBackend
import GateProtocol
import NIOCore
import Synchronization

/// One open request of an agent of 2026-07-28: where the answer of its call goes, and what comes before it.
final class AgentTurn: Sendable {
    private enum Waiter {
        case none
        case waiting(CheckedContinuation<Void, Never>)
        case done
    }

    let id: ByteBuffer
    let context: MCPContext
    /// Without a listener, which would hold what holds this.
    let planned: PlannedCall
    let channel: any ReplyChannel
    let progress: ProgressNotices?
    let capabilities: ClientCapabilities
    private let waiter = Mutex(Waiter.none)

    init(
        id: ByteBuffer, context: MCPContext, planned: PlannedCall, channel: any ReplyChannel,
        progress: ProgressNotices?, capabilities: ClientCapabilities
    ) {
        self.id = id
        self.context = context
        self.planned = planned
        self.channel = channel
        self.progress = progress
        self.capabilities = capabilities
    }

    /// Answers the request.
    func finish(_ reply: RPCReply) {
        channel.finish(reply)
        let waiting = waiter.withLock { waiter -> CheckedContinuation<Void, Never>? in
            defer { waiter = .done }
            if case .waiting(let continuation) = waiter { return continuation }
            return nil
        }
        waiting?.resume()
    }

    /// Waits until the request has been answered.
    func finished() async {
        await withCheckedContinuation { continuation in
            let isDone = waiter.withLock { waiter in
                if case .done = waiter { return true }
                waiter = .waiting(continuation)
                return false
            }
            if isDone { continuation.resume() }
        }
    }
}
