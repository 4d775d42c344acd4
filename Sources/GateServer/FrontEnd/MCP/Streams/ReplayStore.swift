import GateCore
import NIOCore
import Synchronization

/// Where the events of all legacy sessions are kept for clients that come back.
final class ReplayStore: Sendable {
    private struct State {
        var buffer: ReplayBuffer
        var charge: MemoryCharge
    }

    private let state: Mutex<State>

    init(limits: ReplayBuffer.Limits, budget: MemoryBudget?) {
        state = Mutex(State(buffer: ReplayBuffer(limits: limits), charge: MemoryCharge(budget)))
    }

    var bytes: Int { state.withLock { $0.buffer.bytes } }

    func fits(_ bytes: Int) -> Bool { state.withLock { $0.buffer.fits(bytes) } }

    func append(_ text: ByteBuffer, session: MCPSession.ID, stream: UInt64, number: UInt64, isLast: Bool) {
        let now = Instant.now
        change { $0.append(text, session: session, stream: stream, number: number, isLast: isLast, now: now) }
    }

    func replay(_ session: MCPSession.ID, stream: UInt64, after number: UInt64) -> ReplayBuffer.Replay {
        state.withLock { $0.buffer.replay(session, stream: stream, after: number) }
    }

    func drop(session: MCPSession.ID) { change { $0.drop(session: session) } }
    func expire(now: Instant) { change { $0.expire(now: now) } }

    private func change(_ body: (inout ReplayBuffer) -> Void) {
        state.withLock { state in
            body(&state.buffer)
            state.charge.set(state.buffer.bytes)
        }
    }
}
