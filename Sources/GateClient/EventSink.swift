import GateCurl
import GateProtocol
import Synchronization

/// What comes on a stream of server-sent events.
enum StreamEvent: Sendable {
    /// The data of one event; the gateway writes it on one line.
    case data([UInt8])
    /// Nothing more comes; nil when the gateway ended the stream.
    case end(GateError?)
}

/// Takes a stream of events apart while it arrives.
final class EventSink: CurlSink {
    private struct State {
        var status = 0
        var line: [UInt8] = []
        /// The body of an answer that is an error.
        var refusal: [UInt8] = []
    }

    private let state = Mutex(State())
    private let address: GatewayAddress
    private let onEvent: @Sendable (StreamEvent) -> Void
    private static let longestLine = 16 << 20
    private static let mark = Array("data:".utf8)

    init(_ address: GatewayAddress, _ onEvent: @escaping @Sendable (StreamEvent) -> Void) {
        self.address = address
        self.onEvent = onEvent
    }

    func head(_ head: CurlResponseHead) { state.withLock { $0.status = head.status } }

    func body(_ bytes: UnsafeRawBufferPointer) -> CurlFlow {
        let lines = state.withLock { state -> [[UInt8]] in
            guard state.status == 200 else {
                if state.refusal.count < EventSink.longestLine { state.refusal += bytes }
                return []
            }
            var lines: [[UInt8]] = []
            for part in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
                if part.offset > 0 {
                    lines.append(state.line)
                    state.line = []
                }
                if state.line.count < EventSink.longestLine { state.line += part.element }
            }
            return lines
        }
        for line in lines where line.starts(with: EventSink.mark) {
            onEvent(.data(Array(line.dropFirst(EventSink.mark.count).drop { $0 == 0x20 })))
        }
        return .proceed
    }

    func finished(_ error: CurlError?) {
        let (status, refusal) = state.withLock { ($0.status, $0.refusal) }
        if let error {
            onEvent(.end(GateError(error, from: address, changes: false)))
        } else if status != 200 {
            onEvent(.end(GateError(answer: refusal, status: status, from: address)))
        } else {
            onEvent(.end(nil))
        }
    }
}
