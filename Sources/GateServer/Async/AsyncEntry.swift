import GateBackend
import GateCore
import GateProtocol
import NIOCore

/// A call that has not ended yet, or whose end is being written.
struct AsyncEntry: Sendable {
    struct Waiter: Sendable {
        enum Wish: Sendable {
            case end
            case endOrQuestion
            /// The end, or else that the call is kept, so that it can be asked for later.
            case endOrKeeping
        }

        let continuation: CheckedContinuation<AsyncCallView?, Never>
        let wish: Wish
        let timer: Scheduled<Void>?
    }

    let id: AsyncCallID
    let sequence: UInt64
    let owner: InstanceOwner
    let agent: String
    let server: String
    let tool: String
    let note: AsyncCallNote
    let deadline: Instant
    /// How long the outcome is kept, from the end on.
    let keepTime: Duration
    /// What its life takes at most, in milliseconds from its creation.
    private let longestLife: Int
    /// What is to be done; nil once it is on its way.
    var call: GatewayCall?
    var charge: MemoryCharge
    var state: AsyncCallState
    /// False for a call that nobody can ask for, because nobody was told of it.
    var isKept: Bool
    var progress: ByteBuffer?
    var questions = AsyncQuestions()
    var waiters: [UInt64: Waiter] = [:]
    var outcome: AsyncOutcome?
    let canceller = CallCanceller()

    init(
        id: AsyncCallID, sequence: UInt64, call: GatewayCall, owner: InstanceOwner, lifetime: Duration?,
        note: AsyncCallNote, limits: AsyncCalls.Limits, isKept: Bool, budget: MemoryBudget, now: Int
    ) {
        self.id = id
        self.sequence = sequence
        self.owner = owner
        self.isKept = isKept
        self.note = note
        agent = call.caller.agent
        server = call.server
        tool = call.target.tool
        let longest = min(call.timeout ?? limits.timeout, limits.timeout, lifetime ?? limits.timeout)
        deadline = Instant.now.advanced(by: longest)
        keepTime = min(lifetime ?? limits.resultTTL, limits.resultTTL)
        longestLife = min(lifetime ?? .seconds(Int64.max / 4), longest + keepTime).wholeMilliseconds
        // The arguments lie in the body of a request that would otherwise be let go.
        var own = call
        own.copyBytes()
        charge = MemoryCharge(budget)
        charge.set(own.heldBytes)
        self.call = own
        state = AsyncCallState(now: now)
    }

    var record: AsyncCallRecord {
        let isOver = state.status.end != nil
        return AsyncCallRecord(
            id: id, sequence: sequence, owner: owner, agent: agent, server: server, tool: tool, note: note,
            status: state.status, revision: state.revision, createdAt: state.createdAt, updatedAt: state.updatedAt,
            expiresAt: isOver ? state.updatedAt + keepTime.wholeMilliseconds : state.createdAt + longestLife,
            outcome: isOver ? outcome : nil)
    }

    var view: AsyncCallView { AsyncCallView(record: record, progress: progress, questions: questions.open) }
}

/// Somebody who wants to know of changes.
struct AsyncWatcher: Sendable {
    let owner: InstanceOwner
    let wantsProgress: Bool
    /// The call, and whether it is its progress that is new.
    let body: @Sendable (AsyncCallView, Bool) -> Void
}

extension AsyncCalls.State {
    /// Lets a call go, with all that was counted for it but its place at the server.
    mutating func remove(_ id: AsyncCallID) -> AsyncEntry? {
        guard var entry = calls.removeValue(forKey: id) else { return nil }
        entry.charge.set(0)
        if waiting.removeValue(forKey: entry.sequence) != nil {
            let server = ExactText(entry.server)
            lines[server]?.cancel(id: entry.sequence)
        }
        let agent = ExactText(entry.agent)
        if let count = perAgent[agent] { perAgent[agent] = count > 1 ? count - 1 : nil }
        return entry
    }

    /// Gives a place at a server back.
    /// - Returns: the call that has it now.
    mutating func leave(_ server: ExactText, now: Instant) -> AsyncCallID? {
        guard var line = lines[server] else { return nil }
        let next = line.leave(now: now).flatMap { waiting.removeValue(forKey: $0) }
        lines[server] = line.inFlight == 0 && line.waiting == 0 ? nil : line
        return next
    }
}

extension GatewayCall {
    /// Bytes of the caller's request that the call keeps.
    var heldBytes: Int { (arguments?.readableBytes ?? 0) + (meta?.readableBytes ?? 0) }

    /// Takes the bytes out of the caller's request, so that the rest of it can be let go.
    mutating func copyBytes() {
        if case .tool(let name, let arguments?) = operation {
            operation = .tool(name, arguments: ByteBuffer(bytes: arguments.readableBytesView))
        }
        if let meta { self.meta = ByteBuffer(bytes: meta.readableBytesView) }
    }
}

extension Duration {
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000)
        if overflow { return seconds < 0 ? Int.min / 4 : Int.max / 4 }
        return Int(clamping: product) + Int(attoseconds / 1_000_000_000_000_000)
    }
}
