/// One running `tools/call`.
final class Call {
    let id: JSON
    let tool: String
    let params: JSON
    let raw: [UInt8]
    let session: Session
    let exchange: any Exchange
    var timer: Int?
    /// Answers even after a cancellation (late-reply).
    var onCancel: (() -> Void)?

    init(id: JSON, tool: String, params: JSON, raw: [UInt8], session: Session, exchange: any Exchange) {
        self.id = id
        self.tool = tool
        self.params = params
        self.raw = raw
        self.session = session
        self.exchange = exchange
    }

    var arguments: JSON { params["arguments"] ?? [:] }
    var key: String? { arguments["key"]?.text }
    var progressToken: JSON? { params["_meta"]?["progressToken"] }
    var isModern: Bool { session.modern == true }
}
