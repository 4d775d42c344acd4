import GateProtocol

/// One message from the gateway, checked before it may go to the client.
struct BridgeReply: Sendable {
    enum Kind: Sendable, Equatable {
        /// A result or an error; its id, comparable, is nil when the gateway could not tell it.
        case answer(id: [UInt8]?)
        /// A request or a notification.
        case other(method: String)
        case batch
    }

    /// On one line.
    let line: [UInt8]
    let kind: Kind
    /// The error object of an answer that is one.
    let error: [UInt8]?
    /// The version that an answer to `initialize` settles on.
    let negotiatedVersion: String?

    /// The kinds of lists whose changes an answer to `initialize` promises to announce.
    var announcedKinds: [String] {
        guard let capabilities = (try? JSONValue(parsing: line))?["result"]?["capabilities"] else { return ["tools"] }
        return ["tools", "resources", "prompts"].filter { capabilities[$0]?["listChanged"]?.boolValue == true }
    }

    private static let limits = JSONLimits(depth: 64, nodes: 5_000_000, members: 100_000)

    /// - Returns: nil for anything but JSON-RPC, which must not reach the client.
    init?(_ body: [UInt8]) {
        // Outside strings line breaks are only white space, and inside strings JSON has none.
        let line = body.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 }
        let found = line.withUnsafeBytes { text in
            Result { () throws(EnvelopeFault) in try Envelope.scan(text, limits: Self.limits) }
        }
        switch found {
        case .success(let envelope):
            func bytes(_ range: Range<Int>?) -> [UInt8]? { range.map { Array(line[$0]) } }
            func text(_ field: JSONField?) -> String? {
                field.map { String(decoding: line[$0.content], as: UTF8.self) }
            }
            error = bytes(envelope.error?.range)
            switch envelope.kind {
            case .result, .failure: kind = .answer(id: bytes(envelope.id?.value).map(BridgeMessage.comparable))
            case .request, .notification: kind = .other(method: text(envelope.method) ?? "")
            }
            negotiatedVersion = line.withUnsafeBytes { text(envelope.result?.find("protocolVersion", in: $0)) }
        case .failure(.batch):
            kind = .batch
            error = nil
            negotiatedVersion = nil
        case .failure: return nil
        }
        self.line = line
    }

    /// An error that the bridge itself has to tell.
    static func error(_ error: GateError, id: [UInt8]?) -> [UInt8] {
        let object: JSONValue = [
            "code": .init(error.code.traits.rpcCode), "message": .string(error.message), "data": error.json,
        ]
        return self.error(object.bytes, id: id)
    }

    static func error(_ object: [UInt8], id: [UInt8]?) -> [UInt8] {
        var out = Array(#"{"jsonrpc":"2.0","#.utf8)
        if let id { out += Array(#""id":"#.utf8) + id + Array(",".utf8) }
        return out + Array(#""error":"#.utf8) + object + Array("}".utf8)
    }
}
