import GateCore
import GateProtocol
import GateStore
import Synchronization

/// What an operator wants to see of the tools' definitions.
package struct IntegrityQuery: Sendable {
    /// Nil for all servers.
    package var server: String?
    /// Those too that are approved.
    package var all = false
    package var limit = 100

    package init() {}
}

/// What the operator is shown.
extension ToolPins {
    /// What the definitions in one answer may take together; those behind are named without.
    private static let mostBytes = 4 * 1_024 * 1_024

    /// The tools that wait for the operator, or were rejected, each with what is different and what is suspicious.
    ///
    /// - Parameter servers: those that there are, with their policies.
    func show(
        _ query: IntegrityQuery, _ servers: [(name: String, policy: IntegrityPolicy)]
    ) async throws(GateError) -> JSONValue {
        let found = state.withLock { state in
            servers.filter { server in query.server.map { $0.sameBytes(as: server.name) } ?? true }.flatMap { server in
                state.book.list(server.name).filter { listed in
                    listed.isOffered && (query.all || listed.version.standing != .approved)
                }.map { (server: server, listed: $0) }
            }
        }
        var room = ToolPins.mostBytes
        var tools: [JSONValue] = []
        for (server, listed) in found.prefix(query.limit) {
            tools.append(.object(try await describe(listed, server.name, server.policy, &room)))
        }
        let waiting = found.filter { $0.listed.version.standing == .waiting }.count
        return .object(
            JSONObject([
                ("tools", .array(tools)), ("total", .init(found.count)), ("waiting", .init(waiting)),
            ]))
    }

    private func describe(
        _ listed: PinBook.Listed, _ server: String, _ policy: IntegrityPolicy, _ room: inout Int
    ) async throws(GateError) -> JSONObject {
        let version = listed.version
        var object = JSONObject([("server", .string(server)), ("tool", .string(listed.tool))])
        object["change"] = .string(version.isFirst ? "new" : "changed")
        object["standing"] = .string("\(version.standing)")
        object["hidden"] = .init(hold(server, listed.tool, version.digest, policy) != nil)
        object["digest"] = .string("\(version.digest)")
        if let base = listed.base { object["approved_digest"] = .string("\(base)") }
        object["seen"] = .string(WallClock.text(version.seen))
        if let decided = version.decided { object["decided"] = .string(WallClock.text(decided)) }
        let after = try await definition(server, listed.tool, version.digest, &room)
        var flags = after.map { DefinitionFlag.inTexts(of: $0) } ?? []
        flags += state.withLock { $0.names.flags(ToolIdentity(server: server, tool: listed.tool)) }
        object["flags"] = .array(flags.map(\.json))
        guard let after else {
            object["cut"] = true
            return object
        }
        if let base = listed.base, let before = try await definition(server, listed.tool, base, &room) {
            let differences = DefinitionDifference.between(before, after)
            object["differences"] = .array(differences.all.map(\.json))
            if differences.isCut { object["cut"] = true }
        } else {
            object["definition"] = after
        }
        return object
    }

    /// - Returns: nil for what is not kept, or for which there is no room.
    private func definition(
        _ server: String, _ tool: String, _ digest: DefinitionDigest, _ room: inout Int
    ) async throws(GateError) -> JSONValue? {
        guard room > 0 else { return nil }
        let bytes: [UInt8]?
        do throws(StoreFailure) {
            bytes = try await store.definition(server: server, tool: tool, digest)
        } catch {
            throw GateError(.storageFailed, "The definitions of tools cannot be read: \(error.reason).")
        }
        room -= bytes?.count ?? 0
        return bytes.flatMap { try? JSONValue(parsing: $0) }
    }
}
