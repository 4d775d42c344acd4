import GateProtocol
import GateTestKit
import Synchronization

extension Case {
    /// Every page of a list.
    func list(_ method: String, _ key: String, agent: (any Agent)? = nil) async throws -> [JSONValue] {
        var items: [JSONValue] = []
        var cursor: JSONValue?
        for _ in 0..<200 {
            let params: JSONValue = cursor.map { ["cursor": $0] } ?? [:]
            let reply = try await (agent ?? self.agent).request(method, params)
            guard let page = reply.result[key]?.arrayValue else {
                throw TestKitError("\(method): \(reply.response.raw.prefix(300))")
            }
            items += page
            cursor = reply.result["nextCursor"]
            if cursor == nil { return items }
        }
        throw TestKitError("\(method) never ends")
    }

    /// What the gateway calls something that the lane's fixture offers: the value of `member` of the entry with the
    /// fixture's name for it.
    func exposed(_ kind: String, _ member: String, _ own: String) async throws -> String {
        let items = try await list("\(kind)/list", kind)
        let wanted = name(own)
        let found = items.first { $0["name"] == .string(wanted) }
        guard let value = found?[member]?.stringValue else {
            throw TestKitError("no \(wanted) among \(items.count) \(kind)")
        }
        return value
    }

    /// What the gateway declares to the agent.
    func capabilities() async throws -> JSONValue {
        if isModern { return try await agent.request("server/discover").result["capabilities"] ?? .null }
        let fresh = try await HTTPAgent.open("\(lane.server)-hello", .legacy, port: gateway.port)
        return fresh.instructions["capabilities"] ?? .null
    }
}

enum Connections {
    /// A connection that one thread opens and another closes.
    final class Held: @unchecked Sendable {
        private let lock = Mutex(())
        private var connection: RawConnection?

        func hold(_ opened: RawConnection) { lock.withLock { _ in connection = opened } }
        func close() { lock.withLock { _ in connection?.close() } }
    }
}
