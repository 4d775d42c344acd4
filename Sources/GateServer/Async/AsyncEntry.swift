import GateBackend
import GateCore
import GateCrypto
import GateProtocol
import GateStore
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
    let key: StoredCall.Key?
    let callback: String?
    let deadline: Instant
    /// How long the outcome is kept, from the end on.
    let keepTime: Duration
    /// Milliseconds that the call itself may take.
    private let longestRun: Int
    /// What its life takes at most, in milliseconds from its creation.
    private let longestLife: Int
    /// What is to be done; nil once it is on its way.
    var call: GatewayCall?
    var charge: MemoryCharge
    var state: AsyncCallState
    /// False for a call that nobody can ask for, because nobody was told of it.
    var isKept: Bool
    /// Whether it lies in the store.
    var isInserted = false
    var isRepeatable = false
    var progress: ByteBuffer?
    var questions = AsyncQuestions()
    var waiters: [UInt64: Waiter] = [:]
    var outcome: AsyncOutcome?
    let canceller = CallCanceller()

    init(
        id: AsyncCallID, sequence: UInt64, call: GatewayCall, owner: InstanceOwner, lifetime: Duration?,
        note: AsyncCallNote, limits: AsyncCalls.Limits, isKept: Bool, key: StoredCall.Key?, callback: String?,
        budget: MemoryBudget, now: Int
    ) {
        self.id = id
        self.sequence = sequence
        self.owner = owner
        self.isKept = isKept
        self.note = note
        self.key = key
        self.callback = callback
        agent = call.caller.agent
        server = call.server
        tool = call.target.tool
        let longest = min(call.timeout ?? limits.timeout, limits.timeout, lifetime ?? limits.timeout)
        deadline = Instant.now.advanced(by: longest)
        keepTime = min(lifetime ?? limits.resultTTL, limits.resultTTL)
        longestRun = longest.wholeMilliseconds
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

    /// As the store keeps it.
    var stored: StoredCall {
        let record = record
        return StoredCall(
            id: id, sequence: sequence, owner: owner, agent: agent, server: server, tool: tool, key: key,
            callback: callback, status: state.keptStatus, isRepeatable: isRepeatable, revision: state.revision,
            createdAt: record.createdAt, updatedAt: record.updatedAt, expiresAt: record.expiresAt)
    }

    /// As the store keeps it from the beginning, so that a later run can carry it out.
    func submitted(_ call: GatewayCall) -> StoredCall {
        var stored = stored
        stored.request =
            KeptRequest(
                call: call, note: note, deadline: state.createdAt + longestRun, keepTime: keepTime.wholeMilliseconds
            ).bytes
        return stored
    }

    var view: AsyncCallView { AsyncCallView(record: record, progress: progress, questions: questions.open) }
}

extension AsyncEntry {
    /// A call of an earlier run.
    /// - Parameter isQueued: whether it is carried out now; otherwise it may have been sent then.
    init(_ stored: StoredCall, _ request: KeptRequest, isQueued: Bool, budget: MemoryBudget, now: Int) {
        id = stored.id
        sequence = stored.sequence
        owner = stored.owner
        isKept = true
        isInserted = true
        note = request.note
        key = stored.key
        callback = stored.callback
        agent = stored.agent
        server = stored.server
        tool = stored.tool
        // The time in which there was no gateway is not held against it, and a clock that was set cannot end all calls at once.
        let whole = max(0, request.deadline - stored.createdAt)
        longestRun = whole
        let left = min(whole, max(request.deadline - now, min(whole, AsyncEntry.leastTime)))
        deadline = Instant.now.advanced(by: .milliseconds(left))
        keepTime = .milliseconds(request.keepTime)
        longestLife = whole + request.keepTime
        charge = MemoryCharge(budget)
        charge.set(request.call.heldBytes)
        call = isQueued ? request.call : nil
        state = AsyncCallState(
            isQueued: isQueued, createdAt: stored.createdAt, updatedAt: stored.updatedAt, revision: stored.revision)
    }

    /// What a call of an earlier run has at least, in milliseconds.
    private static let leastTime = 60_000
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

    /// Calls of all agents of a tenant that have not ended.
    func pending(of tenant: ExactText) -> Int {
        let prefix = tenant.text + "/"
        return perAgent.reduce(0) { $1.key.text.utf8.starts(with: prefix.utf8) ? $0 + $1.value : $0 }
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

extension GatewayCall {
    /// Tells what is to be done from anything else.
    var digest: [UInt8] {
        var text = ByteBuffer()
        for part in [server, operation.item] {
            text.writeInteger(UInt64(part.utf8.count))
            text.writeString(part)
        }
        if let arguments { text.writeImmutable(arguments) }
        return SHA256.hash(text.readableBytesView)
    }
}

extension GateError {
    /// A store that could not keep a call.
    init(_ failure: StoreFailure, _ server: String?) {
        switch failure {
        case .full(let reason):
            self.init(
                .storageFull,
                "There is no room to keep the call: \(reason). It was not sent. Make room, or collect results; then try again.",
                server: server, retryAfter: 30)
        case .failed(let reason):
            self.init(
                .storageFailed, "The call could not be kept: \(reason). It was not sent.", server: server, retryAfter: 5
            )
        case .broken(let reason):
            self.init(
                .storageFailed,
                "No asynchronous calls are accepted until stonegate is started again: \(reason). The call was not sent.",
                server: server)
        }
    }
}
