import GateProtocol

extension DemoServer {
    static let info: JSONValue = [
        "name": "stonegate-demo", "title": "stonegate demo server", "version": .string(StonegateVersion.current),
    ]
    private static let instructions = """
        A server to try stonegate with. Every tool shows one thing that MCP servers do: echo and clock answer at once, slow \
        reports progress, fail fails, ask puts a question to the user, stats returns structured content.
        """
    /// No `listChanged`: nothing here ever changes.
    private static let capabilities: JSONValue = [
        "tools": .object(JSONObject()), "resources": .object(JSONObject()), "prompts": .object(JSONObject()),
    ]
    /// Every handshake revision but 2025-03-26, which obliges a server to take batches.
    private static let legacyVersions: [ProtocolVersion] = [.v2024_11_05, .v2025_06_18, .v2025_11_25]

    mutating func answer(_ message: Message, now: DemoTime) -> [[UInt8]] {
        if message.isMethod(MCPMethod.initialize), message.meta(MCPMeta.protocolVersion) == nil {
            return [initialize(message)]
        }
        let request: Request
        switch identify(message) {
        case .success(let found): request = found
        case .failure(let refusal): return [refusal.reply]
        }
        if message.isMethod(MCPMethod.toolsCall) { return call(message, request, now: now) }
        return [answerAtOnce(message, request)]
    }

    private struct Refusal: Error { let reply: [UInt8] }

    /// Finds out the era of a request: its own envelope says so, or else the handshake before it.
    private func identify(_ message: Message) -> Result<Request, Refusal> {
        func refuse(_ code: Int, _ text: String, data: JSONValue? = nil) -> Result<Request, Refusal> {
            .failure(Refusal(reply: Reply.error(id: message.id, code: code, text, data: data)))
        }
        let token = message.meta(MCPMeta.progressToken)
        guard let asked = message.meta(MCPMeta.protocolVersion) else {
            if let session {
                return .success(
                    Request(
                        id: message.id, version: session.version, canAskUser: session.canAskUser, progressToken: token))
            }
            guard message.isMethod(MCPMethod.ping) else {
                return refuse(
                    RPCCode.invalidParams,
                    "Begin with initialize, or put \(MCPMeta.protocolVersion) into params._meta of every request.")
            }
            return .success(Request(id: message.id, version: .newestLegacy, canAskUser: false, progressToken: nil))
        }
        guard let text = asked.stringValue else {
            return refuse(RPCCode.invalidParams, "\(MCPMeta.protocolVersion) must be a string.")
        }
        guard let version = ProtocolVersion(bytes: text.utf8), version.era == .modern else {
            return refuse(
                RPCCode.unsupportedVersion, "Protocol version not supported.",
                data: ["supported": [.string(ProtocolVersion.newest.rawValue)], "requested": .string(text)])
        }
        guard let capabilities = message.meta(MCPMeta.clientCapabilities), capabilities.objectValue != nil else {
            return refuse(RPCCode.invalidParams, "params._meta lacks \(MCPMeta.clientCapabilities), an object.")
        }
        return .success(
            Request(
                id: message.id, version: version, canAskUser: capabilities.includesForms, progressToken: token))
    }

    private mutating func initialize(_ message: Message) -> [UInt8] {
        let asked = message.params["protocolVersion"]?.stringValue.flatMap { ProtocolVersion(bytes: $0.utf8) }
        let version = asked.flatMap { Self.legacyVersions.contains($0) ? $0 : nil } ?? .newestLegacy
        let canAsk = message.params["capabilities"]?.includesForms ?? false
        // Questions to the user came with 2025-06-18.
        session = LegacySession(version: version, canAskUser: canAsk && version >= .v2025_06_18)
        return Reply.result(
            id: message.id,
            [
                "protocolVersion": .string(version.rawValue), "capabilities": Self.capabilities,
                "serverInfo": Self.info,
                "instructions": .string(Self.instructions),
            ])
    }

    private func answerAtOnce(_ message: Message, _ request: Request) -> [UInt8] {
        let isList = Self.lists.contains { message.isMethod($0) }
        if isList, message.params["cursor"] != nil {
            return request.error(RPCCode.invalidParams, "Unknown cursor: every list here has one page.")
        }
        if message.isMethod(MCPMethod.ping), !request.isModern { return request.reply(JSONObject()) }
        if message.isMethod(MCPMethod.discover), request.isModern {
            return request.cacheable(
                JSONObject([
                    ("supportedVersions", [.string(ProtocolVersion.newest.rawValue)]),
                    ("capabilities", Self.capabilities), ("instructions", .string(Self.instructions)),
                ]))
        }
        if message.isMethod(MCPMethod.toolsList) {
            return request.cacheable(JSONObject([("tools", .array(DemoTool.all.map(\.definition)))]))
        }
        if message.isMethod(MCPMethod.resourcesList) {
            return request.cacheable(JSONObject([("resources", [DemoGuide.definition])]))
        }
        if message.isMethod(MCPMethod.resourceTemplatesList) {
            return request.cacheable(JSONObject([("resourceTemplates", [])]))
        }
        if message.isMethod(MCPMethod.promptsList) {
            return request.cacheable(JSONObject([("prompts", [DemoPrompt.definition])]))
        }
        if message.isMethod(MCPMethod.resourcesRead) { return DemoGuide.read(message.params, request) }
        if message.isMethod(MCPMethod.promptsGet) { return DemoPrompt.get(message.params, request) }
        return request.error(
            RPCCode.methodNotFound, "Unknown method: \(String(decoding: message.method, as: UTF8.self)).")
    }

    private static var lists: [StaticString] {
        [
            MCPMethod.toolsList, MCPMethod.resourcesList, MCPMethod.resourceTemplatesList, MCPMethod.promptsList,
        ]
    }
}
