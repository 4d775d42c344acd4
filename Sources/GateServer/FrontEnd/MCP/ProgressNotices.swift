import GateBackend
import GateProtocol
import NIOCore
import Synchronization

/// Progress of a call under the caller's own token.
final class ProgressNotices: Sendable {
    private let last = Mutex<Double?>(nil)
    /// The caller's token as written.
    private let token: ByteBuffer
    private let channel: any ReplyChannel

    init(token: ByteBuffer, channel: any ReplyChannel) {
        self.token = token
        self.channel = channel
    }

    /// Passes one notice on; one that does not rise above the last is dropped.
    func send(_ members: ByteBuffer) {
        guard let value = ProgressNotices.value(members) else { return }
        var notice = ByteBuffer()
        notice.writeString("{\"jsonrpc\":\"2.0\",\"method\":\"\(MCPMethod.progress)\",\"params\":{\"progressToken\":")
        notice.writeImmutable(token)
        notice.writeStaticString(",")
        notice.writeImmutable(members)
        notice.writeStaticString("}}")
        last.withLock { last in
            if let last, value <= last { return }
            // The channel only queues; under the lock, notices keep their order.
            if channel.message([notice]) { last = value }
        }
    }

    /// The value of `progress` among the members of a notice.
    private static func value(_ members: ByteBuffer) -> Double? {
        var object = ByteBuffer(string: "{")
        object.writeImmutable(members)
        object.writeStaticString("}")
        guard let value = JSONMembers(object)?.number("progress").flatMap({ Double($0) }), value.isFinite else {
            return nil
        }
        return value
    }
}
