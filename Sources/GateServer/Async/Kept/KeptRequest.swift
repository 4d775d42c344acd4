import GateBackend
import GateCore
import GateProtocol
import NIOCore

/// What it takes to carry an accepted call out in a later run, in the form in which a store keeps it: the text of a JSON object, with
/// the caller's own bytes where they were.
struct KeptRequest: Sendable {
    var call: GatewayCall
    var note: AsyncCallNote
    /// Milliseconds since 1970 by which it has to have ended.
    var deadline: Int
    /// How long the outcome is kept, in milliseconds.
    var keepTime: Int

    /// Only tools are called without anybody waiting for them.
    var bytes: [UInt8] {
        guard case .tool(let name, let arguments) = call.operation else { return [] }
        var out = ByteBuffer()
        out.writeStaticString("{\"tool\":")
        out.writeJSONString(name)
        out.writeStaticString(",\"server\":")
        out.writeJSONString(call.server)
        out.writeStaticString(",\"agent\":")
        out.writeJSONString(call.caller.agent)
        out.writeString(",\"source\":\"\(call.caller.source.rawValue)\",\"is_named\":\(call.caller.isNamed)")
        if call.caller.isAuthenticated { out.writeStaticString(",\"is_authenticated\":true") }
        if let session = call.caller.session {
            out.writeStaticString(",\"session\":")
            out.writeJSONString(session.storedText)
        }
        switch call.caller.visibility.selection {
        case .all: break
        case .servers(let names):
            out.writeString(",\"servers\":\(JSONValue.array(names.map(JSONValue.string)).text)")
        case .server(let name):
            out.writeStaticString(",\"only\":")
            out.writeJSONString(name)
        }
        out.writeString(",\"deadline\":\(deadline),\"keep_ms\":\(keepTime),\"is_indirect\":\(note.isIndirect)")
        if let listener = call.listener { out.writeString(",\"capabilities\":\(listener.capabilities.rawValue)") }
        write(note.progressToken, "progress_token", &out)
        if let meta = call.meta {
            out.writeStaticString(",\"meta\":{")
            out.writeImmutable(meta)
            out.writeStaticString("}")
        }
        write(arguments, "arguments", &out)
        out.writeStaticString("}")
        return Array(buffer: out)
    }

    private func write(_ text: ByteBuffer?, _ name: StaticString, _ out: inout ByteBuffer) {
        guard let text else { return }
        out.writeString(",\"\(name)\":")
        out.writeImmutable(text)
    }
}

extension KeptRequest {
    /// - Returns: nil when the text is not what this version writes.
    init?(_ bytes: [UInt8]) {
        guard let members = JSONMembers(ByteBuffer(bytes: bytes)), let tool = members.string("tool"),
            let server = members.string("server"), let agent = members.string("agent"),
            let source = members.string("source").flatMap(Caller.Source.init),
            let deadline = members.number("deadline").flatMap({ Int($0) }),
            let keepTime = members.number("keep_ms").flatMap({ Int($0) })
        else { return nil }
        var caller = Caller(agent: agent, source: source)
        caller.isNamed = members.isTrue("is_named")
        caller.isAuthenticated = members.isTrue("is_authenticated")
        caller.session = members.string("session").flatMap { InstanceOwner(storedText: $0) }
        if let only = members.string("only") {
            caller.visibility = .server(only)
        } else if let names = members.value("servers")?.arrayValue {
            caller.visibility = Visibility(servers: names.compactMap(\.stringValue))
        }
        var meta: ByteBuffer?
        if let field = members.find("meta"), field.isObject {
            let text = members.slice(field)
            meta = text.getSlice(at: text.readerIndex + 1, length: text.readableBytes - 2)
        }
        call = GatewayCall(
            server: server, .tool(tool, arguments: members.find("arguments").map(members.slice)), meta: meta,
            caller: caller)
        if let capabilities = members.number("capabilities").flatMap({ UInt16($0) }) {
            call.listener = CallListener(capabilities: ClientCapabilities(rawValue: capabilities)) { _ in }
        }
        note = AsyncCallNote()
        note.isIndirect = members.isTrue("is_indirect")
        note.progressToken = members.find("progress_token").map(members.slice)
        self.deadline = deadline
        self.keepTime = keepTime
    }
}

extension JSONMembers {
    fileprivate func isTrue(_ name: StaticString) -> Bool { find(name)?.isTrue ?? false }

    fileprivate func value(_ name: StaticString) -> JSONValue? {
        find(name).flatMap { try? JSONValue(parsing: Array(buffer: slice($0))) }
    }
}
