import GateProtocol

/// One message from the client, with what decides how it travels over HTTP.
struct BridgeMessage: Sendable {
    enum Kind: Sendable, Equatable {
        /// The id's own bytes.
        case request(id: [UInt8])
        case notification
        /// An answer to a request of a server.
        case response
        /// Several messages in an array, which revision 2025-03-26 allows.
        case batch
    }

    let bytes: [UInt8]
    let kind: Kind
    let method: String
    /// The version that the message itself names, as written; nil for messages of the legacy era.
    let modernVersion: String?
    /// What `Mcp-Name` repeats.
    let name: String?
    /// The request that a `notifications/cancelled` is about, comparable.
    let cancelledID: [UInt8]?
    /// `params.uri`.
    let uri: String?

    /// - Throws: `EnvelopeFault` for what is no JSON-RPC message. A batch is none here: see ``init(batch:)``.
    init(_ line: [UInt8]) throws(EnvelopeFault) {
        self = try line.withUnsafeBytes { text in
            Result { () throws(EnvelopeFault) in BridgeMessage(try Envelope.scan(text), line, text) }
        }.get()
    }

    /// A line that holds an array; the gateway judges what is in it.
    init(batch line: [UInt8]) {
        bytes = line
        kind = .batch
        method = ""
        modernVersion = nil
        name = nil
        cancelledID = nil
        uri = nil
    }

    private init(_ envelope: Envelope, _ line: [UInt8], _ text: UnsafeRawBufferPointer) {
        func string(_ field: JSONField?) -> String? {
            guard let field, field.isString else { return nil }
            return JSONString.decode(UnsafeRawBufferPointer(rebasing: text[field.content]))
                .map { String(decoding: $0, as: UTF8.self) }
        }
        bytes = line
        let method = string(envelope.method) ?? ""
        self.method = method
        switch envelope.kind {
        case .request: kind = .request(id: envelope.id.map { Array(line[$0.value]) } ?? [])
        case .notification: kind = .notification
        case .result, .failure: kind = .response
        }
        let isRequest = envelope.kind == .request
        modernVersion = isRequest ? string(envelope.meta?.find(MCPMeta.protocolVersion, in: text)) : nil
        let nameKey = isRequest ? Self.nameKeys[method] : nil
        name = nameKey.flatMap { string(envelope.params?.find($0, in: text)) }
        uri = string(envelope.params?.find("uri", in: text))
        let cancelled = envelope.params?.find("requestId", in: text)
        cancelledID =
            method == "notifications/cancelled" && !isRequest
            ? cancelled.map { BridgeMessage.comparable(Array(line[$0.value])) } : nil
    }

    private static let nameKeys: [String: StaticString] = [
        "tools/call": "name", "prompts/get": "name", "resources/read": "uri", "tasks/get": "taskId",
        "tasks/update": "taskId", "tasks/cancel": "taskId",
    ]

    var id: [UInt8]? { if case .request(let id) = kind { id } else { nil } }
    /// The id in a form in which equal ids are equal bytes.
    var comparableID: [UInt8]? { id.map(BridgeMessage.comparable) }

    /// Some servers write the characters of a string id in another way than they were given.
    static func comparable(_ id: [UInt8]) -> [UInt8] {
        id.contains(UInt8(ascii: "\\")) ? (try? JSONValue(parsing: id))?.bytes ?? id : id
    }

    var isModern: Bool { modernVersion != nil }
    /// A subscription to changes: its stream stays open for as long as the client listens.
    var isListen: Bool { isModern && method == "subscriptions/listen" }

    /// Whether sending the message twice does no harm, so that it may be repeated when its outcome is not known.
    var isRepeatable: Bool {
        guard case .request = kind else { return kind == .notification }
        return method.hasSuffix("/list") || Self.repeatable.contains(method)
    }

    private static let repeatable: Set<String> = [
        "server/discover", "initialize", "ping", "resources/read", "prompts/get", "completion/complete",
        "logging/setLevel", "resources/subscribe", "resources/unsubscribe", "subscriptions/listen", "tasks/get",
    ]
}
