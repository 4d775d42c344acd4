import GateCore
import GateProtocol
import GateServer
import GateStore

/// What lies in the data directory, as a disk or a hand may have changed it. The first byte says which file.
enum StateFuzz {
    static func check(_ input: [UInt8]) -> String? {
        let rest = Array(input.dropFirst())
        switch (input.first ?? 0) % 4 {
        case 0: return agent(rest)
        case 1:
            guard let text = String(validating: rest, as: UTF8.self), let owner = InstanceOwner(storedText: text) else {
                return nil
            }
            return InstanceOwner(storedText: owner.storedText) == owner ? nil : "an owner is kept as another"
        case 2:
            guard let value = try? JSONValue(parsing: rest) else { return nil }
            return SessionRecords(value).json == SessionRecords(SessionRecords(value).json).json
                || hasStateful(value) ? nil : "what was kept of sessions is read as something else"
        default:
            // Lines of the log: read, or refused as a whole.
            guard let rows = try? LogBlock(kept: rest).rows(first: 1) else { return nil }
            var block = LogBlock()
            for row in rows { block.append(row) }
            return rows.count == block.count ? nil : "lines of the log are lost"
        }
    }

    private static func agent(_ bytes: [UInt8]) -> String? {
        guard let value = try? JSONValue(parsing: bytes), let agent = RuntimeAgent(value) else { return nil }
        return RuntimeAgent(agent.json) == agent ? nil : "an agent is kept as another"
    }

    /// What was stateful in one run is lost in the next.
    private static func hasStateful(_ value: JSONValue) -> Bool { value["stateful"] != nil }
}
