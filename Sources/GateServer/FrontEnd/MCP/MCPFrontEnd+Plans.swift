import GateBackend
import GateProtocol
import NIOCore

/// Reading prompts' and resources' requests: whose they are, and what goes to the server.
extension MCPFrontEnd {
    func planPrompt(_ message: WireMessage, _ context: MCPContext, _ id: ByteBuffer) -> CallPlan {
        guard let name = message.string(message.param("name")) else {
            return .answered(.error(RPCCode.invalidParams, "prompts/get needs params.name (a string).", id: id))
        }
        let arguments: ByteBuffer?
        switch MCPFrontEnd.arguments(message, id) {
        case .success(let given): arguments = given
        case .failure(let fault): return .answered(fault.reply(id))
        }
        do throws(GateError) {
            let target = try services.resolve(prompt: name, context.scope)
            return planned(target.server, .prompt(target.tool, arguments: arguments), message, context)
        } catch {
            return .answered(CallAnswer.unresolved(error, name, context, id))
        }
    }

    func planResource(_ message: WireMessage, _ context: MCPContext, _ id: ByteBuffer) -> CallPlan {
        guard let uri = message.string(message.param("uri")) else {
            return .answered(.error(RPCCode.invalidParams, "resources/read needs params.uri (a string).", id: id))
        }
        do throws(GateError) {
            let target = try services.resolve(resource: uri, context.scope)
            return planned(target.server, .resource(uri: target.uri), message, context, asked: uri)
        } catch {
            return .answered(CallAnswer.unresolved(error, uri, context, id))
        }
    }

    /// The server gets what the agent wrote but for `ref`, which names what is completed as the server does.
    func planCompletion(_ message: WireMessage, _ context: MCPContext, _ id: ByteBuffer) -> CallPlan {
        guard let field = message.param("ref"), let ref = JSONMembers(message.slice(field.value)),
            let type = ref.string("type"),
            let key: StaticString = type == "ref/prompt"
                ? "name" : type == "ref/resource" ? "uri" : nil,
            let asked = ref.string(key)
        else {
            return .answered(
                .error(
                    RPCCode.invalidParams,
                    "completion/complete needs params.ref: a ref/prompt with its name, or a ref/resource with its uri.",
                    id: id))
        }
        guard let argument = message.param("argument"), argument.isObject else {
            return .answered(.error(RPCCode.invalidParams, "params.argument must be an object.", id: id))
        }
        do throws(GateError) {
            let (server, own) =
                if key.utf8CodeUnitCount == 4 {
                    try prompt(asked, context.scope)
                } else {
                    try template(asked, context.scope)
                }
            // Another server's capability made the gateway declare it; this one has nothing to suggest.
            if let offers = services.offers(of: server), !offers.contains(.completions) {
                return .answered(.noCompletion(id, context.era))
            }
            var members = ByteBuffer(string: "\"ref\":")
            members.writeImmutable(DefinitionText.replacing(key, with: own, in: ref.buffer))
            for member in message.envelope.params?.list ?? [] where member != field && !isMeta(member, message) {
                members.writeStaticString(",")
                members.writeImmutable(message.slice((member.key.lowerBound - 1)..<member.value.upperBound))
            }
            return planned(server, .completion(members, of: own), message, context)
        } catch {
            return .answered(CallAnswer.unresolved(error, asked, context, id))
        }
    }

    private func prompt(_ name: String, _ scope: Visibility) throws(GateError) -> (String, String) {
        let target = try services.resolve(prompt: name, scope)
        return (target.server, target.tool)
    }

    private func template(_ uri: String, _ scope: Visibility) throws(GateError) -> (String, String) {
        let target = try services.resolve(template: uri, scope)
        return (target.server, target.uri)
    }

    private func isMeta(_ member: JSONField, _ message: WireMessage) -> Bool {
        message.buffer.withUnsafeReadableBytes { JSONString.equal($0, member.key, "_meta") }
    }

    private func planned(
        _ server: String, _ operation: BackendOperation, _ message: WireMessage, _ context: MCPContext,
        asked: String? = nil
    ) -> CallPlan {
        let call = GatewayCall(
            server: server, operation, meta: CallMeta.passedOn(message, context.headers),
            caller: context.caller(services), timeout: context.timeout)
        return .call(PlannedCall(call: call, asked: asked))
    }

    /// `params.arguments` as it is written; nil when there are none.
    static func arguments(_ message: WireMessage, _ id: ByteBuffer) -> Result<ByteBuffer?, RPCFault> {
        guard let field = message.param("arguments"), !field.isNull else { return .success(nil) }
        guard field.isObject else {
            return .failure(RPCFault(code: RPCCode.invalidParams, message: "params.arguments must be an object."))
        }
        return .success(message.slice(field.value))
    }
}

extension RPCReply {
    /// Nothing to suggest.
    static func noCompletion(_ id: ByteBuffer, _ era: ProtocolEra) -> RPCReply {
        var out = opening(id)
        out.writeStaticString("{")
        if era == .modern { out.writeString("\"resultType\":\"complete\",\(MCPText.serverMeta),") }
        out.writeStaticString("\"completion\":{\"values\":[],\"total\":0,\"hasMore\":false}}}")
        return RPCReply(parts: [out])
    }
}
