import GateCore
import NIOCore

/// The events that clients of legacy sessions may ask for again. A value, bounded for each session and in all; the oldest go
/// first.
struct ReplayBuffer: Sendable {
    struct Limits: Sendable {
        /// Of one session.
        var events = 256
        var bytes = 512 * 1024
        /// Of all sessions.
        var totalBytes = 16 * 1024 * 1024
        var age: Duration = .seconds(300)
    }

    struct Replay: Sendable {
        /// What is kept of what came after the client's last event, in order.
        var events: [ByteBuffer] = []
        /// Whether the event that ends the stream is kept.
        var isComplete = false
    }

    private struct Event: Sendable {
        let stream: UInt64
        let number: UInt64
        let text: ByteBuffer
        let isLast: Bool
        /// The place among all events.
        let order: UInt64
        let time: Instant
    }

    private struct Age: Sendable {
        let session: MCPSession.ID
        let order: UInt64
    }

    private struct Log: Sendable {
        var events = CircularBuffer<Event>()
        var bytes = 0
    }

    private var logs: [MCPSession.ID: Log] = [:]
    /// All events, oldest first; some have gone already.
    private var ages = CircularBuffer<Age>()
    private var lastOrder: UInt64 = 0
    private(set) var bytes = 0
    private(set) var count = 0
    private let limits: Limits
    /// Events that are kept track of, those that have gone already included.
    var tracked: Int { ages.count }

    /// What an event costs beside its text.
    private static let overhead = 128

    init(limits: Limits) { self.limits = limits }

    /// Whether an event of this size can be kept at all.
    func fits(_ bytes: Int) -> Bool { bytes <= limits.bytes - ReplayBuffer.overhead }

    /// Keeps an event, if it is not too large. The numbers of a stream rise from 1.
    mutating func append(
        _ text: ByteBuffer, session: MCPSession.ID, stream: UInt64, number: UInt64, isLast: Bool, now: Instant
    ) {
        guard fits(text.readableBytes) else { return }
        lastOrder &+= 1
        let event = Event(
            stream: stream, number: number, text: text, isLast: isLast, order: lastOrder, time: now)
        logs[session, default: Log()].events.append(event)
        let size = text.readableBytes + ReplayBuffer.overhead
        logs[session, default: Log()].bytes += size
        bytes += size
        count += 1
        ages.append(Age(session: session, order: lastOrder))
        while let log = logs[session], log.events.count > limits.events || log.bytes > limits.bytes {
            dropFirst(of: session)
        }
        while bytes > limits.totalBytes, dropOldest() {}
        if ages.count > count * 2 + 64 { compact() }
    }

    /// What a stream has carried behind an event, which is named by its number; 0 begins with the first. What is no longer kept is
    /// left out.
    func replay(_ session: MCPSession.ID, stream: UInt64, after number: UInt64) -> Replay {
        var found = Replay()
        for event in logs[session]?.events ?? CircularBuffer() where event.stream == stream {
            if event.number > number { found.events.append(event.text) }
            if event.isLast { found.isComplete = true }
        }
        return found
    }

    mutating func drop(session: MCPSession.ID) {
        guard let log = logs.removeValue(forKey: session) else { return }
        bytes -= log.bytes
        count -= log.events.count
    }

    /// Drops what is too old.
    mutating func expire(now: Instant) {
        while let age = ages.first {
            if let event = logs[age.session]?.events.first, event.order <= age.order,
                event.time.duration(to: now) < limits.age
            {
                return
            }
            _ = dropOldest()
        }
    }

    /// - Returns: false when there is nothing left.
    private mutating func dropOldest() -> Bool {
        guard let age = ages.popFirst() else { return false }
        // Events of a session leave in order: its first is this one, or a later one when this one has gone.
        if let first = logs[age.session]?.events.first, first.order <= age.order { dropFirst(of: age.session) }
        return true
    }

    private mutating func dropFirst(of session: MCPSession.ID) {
        guard let event = logs[session]?.events.popFirst() else { return }
        let size = event.text.readableBytes + ReplayBuffer.overhead
        logs[session]?.bytes -= size
        bytes -= size
        count -= 1
        if logs[session]?.events.isEmpty == true { logs[session] = nil }
    }

    private mutating func compact() {
        let firsts = logs.compactMapValues { $0.events.first?.order }
        ages = CircularBuffer(ages.filter { age in firsts[age.session].map { $0 <= age.order } ?? false })
    }
}
