package import GateCore
import GateProtocol
package import NIOCore

/// One request to a backend, before it has an id and the form of the backend's era.
package struct BackendRequest: Sendable {
    package enum Params: Sendable {
        case none
        /// Members of `params` as JSON text without braces and without `_meta`.
        case members(ByteBuffer)
        /// What a caller wants.
        case operation(BackendOperation)
    }

    package var method: StaticString
    package var params: Params
    /// Members of the caller's `_meta` that are passed on, as JSON text without braces.
    package var meta: ByteBuffer?
    /// When it is given up; nil for requests that stay open (`subscriptions/listen`).
    package var deadline: Instant?
    /// The caller, where it wants to know what happens before the answer.
    package var listener: CallListener?
    /// The agent or session whose call it is.
    package var owner: InstanceOwner?
    /// A further round of a call (2026-07-28).
    package var round: CallRound?
    /// Header fields that repeat arguments (HTTP, 2026-07-28), not yet encoded.
    package var mirrored: [(header: String, value: String)] = []
    /// The era it is written in, where that is not the connection's.
    var era: ProtocolEra?
    /// What is said of tasks.
    var tasks = TaskOffer.none
    /// What HTTP mirrors of a request that is no call.
    private var name: String?
    /// Whether the backend is told when it is given up: never for the handshake.
    package var isCancellable = true

    package init(
        _ method: StaticString, _ params: Params = .none, meta: ByteBuffer? = nil, deadline: Instant?,
        listener: CallListener? = nil, isCancellable: Bool = true
    ) {
        self.method = method
        self.params = params
        self.meta = meta
        self.deadline = deadline
        self.listener = listener
        self.isCancellable = isCancellable
    }

    /// A request about something that HTTP mirrors in a header (2026-07-28).
    init(_ method: StaticString, _ params: Params, named name: String, deadline: Instant?) {
        self.init(method, params, deadline: deadline)
        self.name = name
        // Whoever asks for a task has to say that it knows tasks.
        tasks = .understood
    }

    enum TaskOffer: Sendable {
        case none
        /// The answer has to be a task (2025-11-25).
        case demanded
        /// The answer can be a task (2026-07-28).
        case understood
    }

    init(_ call: BackendCall) {
        self.init(
            call.operation.method, .operation(call.operation), meta: call.meta, deadline: call.deadline,
            listener: call.listener)
        round = call.round
        owner = call.session ?? (call.isNamed ? .namedAgent(call.principal) : .agent(call.principal))
        mirrored = call.mirrored
    }

    private var wantsProgress: Bool { listener?.wantsProgress ?? false }

    /// Header fields that only this request has.
    func headers(era: ProtocolEra) -> [(name: String, value: String)] {
        let trace = meta.map { TraceContext.headers($0) } ?? []
        guard era == .modern, !mirrored.isEmpty else { return trace }
        return trace + mirrored.map { ($0.header, MCPHeader.encoded($0.value)) }
    }

    /// What HTTP mirrors in `Mcp-Name`.
    var mirroredName: String? {
        switch params {
        case .operation(.tool(let name, _)), .operation(.prompt(let name, _)): name
        case .operation(.resource(let uri)): uri
        case .operation(.completion), .none, .members: name
        }
    }

    /// The message as the era demands, with a line end: stdio needs it and JSON does not mind.
    func encoded(key: UInt64, era: ProtocolEra) -> ByteBuffer {
        var size = 320 + params.size
        if let round { size += (round.responses?.readableBytes ?? 0) + (round.state?.readableBytes ?? 0) + 40 }
        var out = ByteBufferAllocator().buffer(capacity: size)
        out.writeStaticString("{\"jsonrpc\":\"2.0\",\"id\":")
        out.writeDecimal(key)
        out.writeStaticString(",\"method\":\"")
        out.writeStaticString(method)
        let writesMeta = era == .modern || wantsProgress || meta != nil
        if case .none = params, !writesMeta {
            out.writeStaticString("\"}\n")
            return out
        }
        out.writeStaticString("\",\"params\":{")
        var hasMember = true
        switch params {
        case .none: hasMember = false
        case .members(let members):
            hasMember = members.readableBytes > 0
            out.writeImmutable(members)
        case .operation(let operation): operation.write(to: &out)
        }
        if let round, era == .modern { round.write(to: &out) }
        if tasks == .demanded { writeTask(to: &out) }
        if writesMeta {
            if hasMember { out.writeStaticString(",") }
            writeMeta(key: key, era: era, to: &out)
        }
        out.writeStaticString("}}\n")
        return out
    }

    /// The task is kept as long as the call may take, and a little longer, for its result to be fetched.
    private func writeTask(to out: inout ByteBuffer) {
        let left = deadline.map { Instant.now.duration(to: $0).components.seconds } ?? 0
        out.writeString(",\"task\":{\"ttl\":\((min(max(left, 0), 2_592_000) + 60) * 1_000)}")
    }

    private func writeMeta(key: UInt64, era: ProtocolEra, to out: inout ByteBuffer) {
        out.writeStaticString("\"_meta\":{")
        var hasMember = false
        if era == .modern {
            out.writeStaticString(BackendRequest.modernMeta)
            writeDeclarations(to: &out)
            hasMember = true
        }
        if wantsProgress {
            out.writeStaticString(hasMember ? ",\"progressToken\":" : "\"progressToken\":")
            out.writeDecimal(key)
            hasMember = true
        }
        if let meta, meta.readableBytes > 0 {
            if hasMember { out.writeStaticString(",") }
            out.writeImmutable(meta)
        }
        out.writeStaticString("}")
    }

    /// What this caller can be asked, and nothing else: a backend must not ask a question that nobody answers.
    private func writeDeclarations(to out: inout ByteBuffer) {
        let capabilities = listener?.capabilities.intersection(.questions) ?? []
        out.writeStaticString(",\"io.modelcontextprotocol/clientCapabilities\":")
        if tasks == .understood {
            var declared = capabilities.json.objectValue ?? JSONObject()
            declared["extensions"] = [ClientCapabilities.tasksExtension: [:]]
            out.writeBytes(JSONValue.object(declared).bytes)
        } else if capabilities.isEmpty {
            out.writeStaticString("{}")
        } else {
            out.writeBytes(capabilities.json.bytes)
        }
        guard let level = listener?.logLevel else { return }
        out.writeStaticString(",\"io.modelcontextprotocol/logLevel\":\"")
        out.writeString(level.name)
        out.writeStaticString("\"")
    }

    /// The reserved keys of a modern request that are always the same.
    private static let modernMeta: StaticString = """
        "io.modelcontextprotocol/protocolVersion":"2026-07-28",\
        "io.modelcontextprotocol/clientInfo":{"name":"stonegate","version":"0.1.0"}
        """
}

extension BackendRequest.Params {
    fileprivate var size: Int {
        switch self {
        case .none: 0
        case .members(let members), .operation(.completion(let members, _)): members.readableBytes
        case .operation(.tool(_, let arguments)), .operation(.prompt(_, let arguments)): arguments?.readableBytes ?? 0
        case .operation(.resource(let uri)): uri.utf8.count
        }
    }
}

extension BackendOperation {
    /// The members of `params`.
    fileprivate func write(to out: inout ByteBuffer) {
        switch self {
        case .tool(let name, let arguments), .prompt(let name, let arguments):
            out.writeStaticString("\"name\":")
            out.writeJSONString(name)
            out.writeStaticString(",\"arguments\":")
            if let arguments { out.writeImmutable(arguments) } else { out.writeStaticString("{}") }
        case .resource(let uri):
            out.writeStaticString("\"uri\":")
            out.writeJSONString(uri)
        case .completion(let members, _): out.writeImmutable(members)
        }
    }
}

extension CallRound {
    /// The members of `params`, behind those of the call itself.
    fileprivate func write(to out: inout ByteBuffer) {
        if let responses {
            out.writeStaticString(",\"inputResponses\":")
            out.writeImmutable(responses)
        }
        if let state {
            out.writeStaticString(",\"requestState\":")
            out.writeImmutable(state)
        }
    }
}
