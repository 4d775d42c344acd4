import GateBackend
import GateProtocol
import NIOCore

/// The messages of one subscription (2026-07-28), ready to be sent.
struct SubscriptionText {
    /// The id of the request that opened it, as written: it names the subscription.
    let id: ByteBuffer

    private var meta: String { "\"_meta\":{\"\(MCPMeta.subscriptionId)\":\(String(buffer: id))}" }

    /// The first message: what of the wish is granted.
    func acknowledged(tools: Bool) -> ByteBuffer {
        let granted = tools ? "{\"toolsListChanged\":true}" : "{}"
        return event(
            "{\"jsonrpc\":\"2.0\",\"method\":\"\(MCPMethod.acknowledged)\",\"params\":{\(meta),"
                + "\"notifications\":\(granted)}}")
    }

    var toolsChanged: ByteBuffer {
        event("{\"jsonrpc\":\"2.0\",\"method\":\"\(MCPMethod.toolsChanged)\",\"params\":{\(meta)}}")
    }

    /// The response, which ends the subscription.
    var ended: ByteBuffer {
        event("{\"jsonrpc\":\"2.0\",\"id\":\(String(buffer: id)),\"result\":{\"resultType\":\"complete\",\(meta)}}")
    }

    private func event(_ text: String) -> ByteBuffer { EventText.message([ByteBuffer(string: text)]) }
}
