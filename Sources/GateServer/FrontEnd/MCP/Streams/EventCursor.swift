import GateCore
import NIOCore

/// The id of an event on a legacy session's stream: where a client that comes back wants to go on.
///
/// Unique within the session, over restarts too. That of an answer's stream names the request, so that its client can be told
/// when the answer is lost.
struct EventCursor: Sendable, Equatable {
    /// The run of the gateway.
    let run: UInt32
    /// The stream within the run.
    let stream: UInt64
    /// The event within the stream, from 1.
    let number: UInt64
    /// The id of the request that the stream answers, as written; nil for a stream of notices, and for ids that are very long.
    let request: ByteBuffer?

    static let maxBytes = 256
    private static let maxRequestBytes = 128

    init(run: UInt32, stream: UInt64, number: UInt64, request: ByteBuffer?) {
        self.run = run
        self.stream = stream
        self.number = number
        self.request = request.flatMap { $0.readableBytes <= EventCursor.maxRequestBytes ? $0 : nil }
    }

    /// What stands before the number, and what behind it.
    var parts: (prefix: String, suffix: String) {
        (
            "\(String(run, radix: 16))-\(String(stream, radix: 16))-",
            request.map { "-" + Base64.encodeURL(Array(buffer: $0)) } ?? ""
        )
    }

    var text: String {
        let parts = parts
        return parts.prefix + String(number, radix: 16) + parts.suffix
    }

    /// - Returns: nil for what no gateway has written.
    init?(_ bytes: ArraySlice<UInt8>) {
        guard bytes.count <= EventCursor.maxBytes else { return nil }
        // The last part may hold the separator.
        let parts = bytes.split(separator: UInt8(ascii: "-"), maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count >= 3, let run = EventCursor.number(parts[0]), run <= UInt32.max,
            let stream = EventCursor.number(parts[1]), let number = EventCursor.number(parts[2])
        else { return nil }
        var request: ByteBuffer?
        if parts.count == 4 {
            guard let id = Base64.decodeURL(parts[3]) else { return nil }
            request = ByteBuffer(bytes: id)
        }
        self.init(run: UInt32(truncatingIfNeeded: run), stream: stream, number: number, request: request)
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
        guard (1...16).contains(digits.count) else { return nil }
        var value: UInt64 = 0
        for digit in digits {
            switch digit {
            case 0x30...0x39: value = value << 4 | UInt64(digit - 0x30)
            case 0x61...0x66: value = value << 4 | UInt64(digit - 0x57)
            default: return nil
            }
        }
        return value
    }
}
