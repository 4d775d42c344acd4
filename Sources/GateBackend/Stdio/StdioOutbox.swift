import GateCore
import NIOCore

/// What is on its way to a child's stdin, in order.
///
/// Only so much is handed to the channel at a time: what has been handed over will be written whole or not at all, what waits behind
/// it can still be taken back. Messages leave in order, so at most the first one handed over can be half written.
struct StdioOutbox {
    struct Message {
        let key: UInt64?
        let body: ByteBuffer
    }

    /// What a request's bytes have come to.
    enum Departure: Equatable {
        /// None has left, and none will.
        case withdrawn
        /// It may be half written, or is about to be written.
        case leaving
        /// It has been written, or was never here.
        case gone
    }

    /// Bytes that wait for a child that does not read; beyond, calls are refused instead of piling up.
    static let capacity = 16 * 1024 * 1024
    /// Bytes handed to the channel at a time, or one message if that is larger.
    static let window = 64 * 1024

    private var handed = CircularBuffer<(key: UInt64?, size: Int)>()
    private var waiting = CircularBuffer<Message>()
    private(set) var handedBytes = 0
    private(set) var waitingBytes = 0
    private var charge: MemoryCharge
    /// Whether anything was written since the last look.
    private var hasMoved = false
    private var lastSeen = 0
    private var standstill: Instant?

    init(budget: MemoryBudget? = nil) { charge = MemoryCharge(budget) }

    private mutating func count() { charge.set(handedBytes + waitingBytes) }

    /// Whether the channel has written all it was given.
    var isIdle: Bool { handed.isEmpty }

    /// Takes a message in; false when there is no room for it.
    mutating func add(_ key: UInt64?, _ body: ByteBuffer) -> Bool {
        let size = body.readableBytes
        let others = handedBytes + waitingBytes
        guard others == 0 || others + size <= StdioOutbox.capacity else { return false }
        waiting.append(Message(key: key, body: body))
        waitingBytes += size
        count()
        return true
    }

    /// The first message handed over has been written.
    mutating func wrote() {
        guard let first = handed.popFirst() else { return }
        handedBytes -= first.size
        hasMoved = true
        count()
    }

    /// The next message to hand over, when there is room for it.
    mutating func next() -> ByteBuffer? {
        guard let first = waiting.first,
            handed.isEmpty || handedBytes + first.body.readableBytes <= StdioOutbox.window
        else { return nil }
        let size = first.body.readableBytes
        waiting.removeFirst()
        waitingBytes -= size
        handed.append((first.key, size))
        handedBytes += size
        return first.body
    }

    /// Nobody waits for this request's answer any more.
    mutating func withdraw(_ key: UInt64) -> Departure {
        if let index = waiting.firstIndex(where: { $0.key == key }) {
            waitingBytes -= waiting[index].body.readableBytes
            waiting.remove(at: index)
            count()
            return .withdrawn
        }
        return handed.contains { $0.key == key } ? .leaving : .gone
    }

    /// The requests of which certainly no byte has left; the rest is forgotten, too.
    ///
    /// - Parameter unwritten: bytes that the channel still holds, if it can tell.
    mutating func close(unwritten: Int?) -> [UInt64] {
        let untouched = handedBytes > 0 && unwritten == handedBytes
        let unsent = handed.dropFirst(untouched ? 0 : 1).compactMap(\.key) + waiting.compactMap(\.key)
        handed.removeAll()
        waiting.removeAll()
        handedBytes = 0
        waitingBytes = 0
        count()
        return unsent
    }

    // MARK: Progress

    /// For how long nothing at all has been written although there is something to write. Looked at now and then.
    ///
    /// - Parameter unwritten: bytes that the channel still holds, if it can tell.
    mutating func stalled(unwritten: Int?, now: Instant) -> Duration {
        let seen = unwritten ?? handedBytes
        defer {
            hasMoved = false
            lastSeen = seen
        }
        guard !isIdle else {
            standstill = nil
            return .zero
        }
        guard let since = standstill, !hasMoved, seen == lastSeen else {
            standstill = now
            return .zero
        }
        return since.duration(to: now)
    }
}
