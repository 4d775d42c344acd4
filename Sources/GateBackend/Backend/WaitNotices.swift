import GateCore
import NIOCore
import Synchronization

/// Tells a caller that asked for progress why nothing happens yet, while its call waits for the server to start or for its turn.
///
/// Progress must rise from notice to notice, the server's own notices behind these included. Their first value is often 1 and
/// hardly ever below a thousandth, so the values here are multiples of a millionth. A first notice of 0 by the server is the one
/// that is left out: it says nothing that these have not said.
final class WaitNotices: Sendable {
    private static let first = TimeAmount.seconds(1)
    private static let period = TimeAmount.seconds(3)

    private let sink: @Sendable (ByteBuffer) -> Void
    private let count = Atomic<Int>(0)

    init(_ sink: @escaping @Sendable (ByteBuffer) -> Void) { self.sink = sink }

    /// Sends notices until the task is cancelled.
    func run(on loop: any EventLoop, _ text: @escaping @Sendable () -> String) -> RepeatedTask {
        loop.scheduleRepeatedTask(initialDelay: WaitNotices.first, delay: WaitNotices.period) { _ in
            self.send(text())
        }
    }

    private func send(_ text: String) {
        let number = count.add(1, ordering: .relaxed).newValue
        let digits = String(min(number, 999))
        var members = ByteBuffer()
        members.writeString("\"progress\":0.000\(String(repeating: "0", count: 3 - digits.utf8.count))\(digits)")
        members.writeStaticString(",\"message\":")
        members.writeJSONString(text)
        sink(members)
    }
}
