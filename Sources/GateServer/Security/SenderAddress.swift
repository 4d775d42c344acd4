import GateCore
import GateHTTP

/// The address that failures of a client are counted by.
struct SenderAddress: Sendable {
    /// Whether connections come from a proxy, which says in `X-Forwarded-For` where the client is.
    let isBehindProxy: Bool

    /// A client can write into the field what it likes; the proxy adds what it has seen itself at the end. That alone counts.
    func address(_ head: HTTPHead, _ peer: HTTPPeer) -> String {
        guard isBehindProxy, let field = head.headers.all("X-Forwarded-For").last else { return peer.ip }
        let last = field.split(separator: ",", omittingEmptySubsequences: false).last ?? ""
        let text = last.filter { $0 != " " && $0 != "\t" }
        return AddressRange.octets(text) == nil ? peer.ip : text
    }
}
