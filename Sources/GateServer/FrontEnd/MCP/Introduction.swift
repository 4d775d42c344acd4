import GateBackend
import GateProtocol
import NIOCore

/// What the gateway says of itself when an agent begins: what can be done here, and how.
struct Introduction {
    let services: any GatewayServices
    let scope: Visibility
    /// Lists of whose changes this endpoint tells.
    let announced: CatalogKinds

    /// What is left of `initialize`'s answer behind the id.
    func initializeResult(_ version: ProtocolVersion) -> ByteBuffer {
        var out = ByteBuffer(string: "{\"protocolVersion\":\"\(version.rawValue)\",\"capabilities\":")
        out.writeString(capabilities(version))
        out.writeString(",\"serverInfo\":\(MCPText.serverInfo)")
        write(instructions, to: &out)
        out.writeStaticString("}}")
        return out
    }

    /// What is left of `server/discover`'s answer behind the id.
    var discoverResult: ByteBuffer {
        var out = ByteBuffer(string: #"{"resultType":"complete","supportedVersions":["#)
        out.writeJSONString(ProtocolVersion.newest.rawValue)
        out.writeString("],\"capabilities\":\(capabilities(.newest))")
        write(instructions, to: &out)
        // What a server that has not been heard of can do, is not known to last.
        let ttl = services.offers(scope) == .all ? 0 : 60_000
        out.writeString(",\"ttlMs\":\(ttl),\"cacheScope\":\"private\",\(MCPText.serverMeta)}}")
        return out
    }

    private func write(_ instructions: String, to out: inout ByteBuffer) {
        guard !instructions.utf8.isEmpty else { return }
        out.writeStaticString(",\"instructions\":")
        out.writeJSONString(instructions)
    }

    /// The server capabilities as the revision has them: what some server that is seen can do, and what the gateway does itself.
    func capabilities(_ version: ProtocolVersion) -> String {
        let offers = services.offers(scope)
        var members = [member("tools", changes: .tools)]
        if offers.contains(.resources) {
            members.append(
                member(
                    "resources", changes: .resources, offers.contains(.resourceUpdates) ? ["\"subscribe\":true"] : []))
        }
        if offers.contains(.prompts) { members.append(member("prompts", changes: .prompts)) }
        if offers.contains(.completions), version >= .v2025_03_26 { members.append("\"completions\":{}") }
        if offers.contains(.logging) { members.append("\"logging\":{}") }
        if version == .v2025_11_25 { members.append(TaskSupport.capability) }
        if version.era == .modern {
            members.append("\"extensions\":{\"\(ClientCapabilities.tasksExtension)\":{}}")
        }
        return "{" + members.joined(separator: ",") + "}"
    }

    private func member(_ name: String, changes: CatalogKinds, _ more: [String] = []) -> String {
        let flags = (announced.contains(changes) ? ["\"listChanged\":true"] : []) + more
        return "\"\(name)\":{\(flags.joined(separator: ","))}"
    }

    /// The gateway's own words, and those of the servers. A server's own endpoint has only the server's.
    var instructions: String {
        let servers = services.instructions(scope)
        if scope.isOneServer { return servers }
        return servers.utf8.isEmpty
            ? MCPText.instructions : MCPText.instructions + "\n\nWhat the servers say themselves:\n\n" + servers
    }
}
