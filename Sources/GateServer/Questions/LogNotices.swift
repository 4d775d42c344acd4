import GateBackend
import GateProtocol
import NIOCore

/// A backend's log messages to the caller that wanted them.
enum LogNotices {
    /// - Parameter params: the notice's `params`, passed on as they are.
    static func send(_ level: LogLevel, _ params: ByteBuffer, to channel: any ReplyChannel, from wanted: LogLevel?) {
        guard let wanted, level >= wanted else { return }
        var notice = ByteBuffer()
        notice.writeString("{\"jsonrpc\":\"2.0\",\"method\":\"\(MCPMethod.message)\",\"params\":")
        notice.writeImmutable(params)
        notice.writeStaticString("}")
        channel.message([notice])
    }

    static func send(_ level: LogLevel, _ params: ByteBuffer, to turn: AgentTurn) {
        send(level, params, to: turn.channel, from: turn.context.logLevel)
    }
}
