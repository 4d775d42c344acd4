import NIOCore

/// What waits in a stream for its client, and whether somebody is about to send it.
///
/// Legal transitions: open -> finishing (`finish`) -> ended, open -> ended (`end`, overflow).
struct StreamQueue {
    enum Append {
        /// The message waits for a drain that is already under way.
        case wait
        /// The caller must arrange a drain.
        case drain
        case refuse
        /// The queue is over its limit and has ended.
        case abort
    }

    enum Next {
        case message(ByteBuffer)
        /// Nothing waits; the drain is over.
        case empty
        /// All is sent and the stream is finished.
        case last
        case ended
    }

    private enum Phase {
        case open
        case finishing
        case ended
    }

    private var phase = Phase.open
    private var messages = CircularBuffer<ByteBuffer>()
    private(set) var bytes = 0
    private var isDraining = false
    private let maxMessages: Int
    private let maxBytes: Int

    init(maxMessages: Int, maxBytes: Int) {
        self.maxMessages = maxMessages
        self.maxBytes = maxBytes
    }

    var isOpen: Bool { phase == .open }

    /// - Parameters:
    ///   - farewell: what ends the queue in an orderly way when the message does not fit.
    ///   - isLarge: whether only the number of messages is bounded.
    mutating func append(_ message: ByteBuffer, farewell: ByteBuffer? = nil, isLarge: Bool = false) -> Append {
        guard phase == .open else { return .refuse }
        guard message.readableBytes > 0 else { return .wait }
        guard messages.count < maxMessages, isLarge || message.readableBytes <= maxBytes - bytes else {
            if let farewell {
                _ = finish(with: farewell)
                return .refuse
            }
            end()
            return .abort
        }
        messages.append(message)
        bytes += message.readableBytes
        defer { isDraining = true }
        return isDraining ? .wait : .drain
    }

    /// - Returns: whether the caller must arrange a drain.
    mutating func finish() -> Bool {
        guard phase == .open else { return false }
        phase = .finishing
        defer { isDraining = true }
        return !isDraining
    }

    /// Queues a last message whatever its size: it is in memory already, and nothing follows it.
    /// - Returns: whether the caller must arrange a drain.
    mutating func finish(with last: ByteBuffer) -> Bool {
        guard phase == .open else { return false }
        if last.readableBytes > 0 {
            messages.append(last)
            bytes += last.readableBytes
        }
        return finish()
    }

    mutating func next() -> Next {
        if phase == .ended { return .ended }
        if let message = messages.popFirst() {
            bytes -= message.readableBytes
            return .message(message)
        }
        if phase == .finishing {
            phase = .ended
            return .last
        }
        isDraining = false
        return .empty
    }

    mutating func end() {
        phase = .ended
        messages = CircularBuffer()
        bytes = 0
    }
}
