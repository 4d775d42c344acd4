import GateCore
import GateProtocol

/// The form in which statistics are kept over restarts.
enum StatisticsText {
    static func write(_ statistics: CallStatistics) -> [UInt8] {
        func table(_ table: CallStatistics.Table) -> JSONValue {
            .object(JSONObject(table.texts.map { ($0.name, .string($0.text)) }))
        }
        return JSONValue.object(
            JSONObject([
                ("version", 1), ("total", .string(statistics.total.text)), ("servers", table(statistics.servers)),
                ("tools", table(statistics.tools)), ("agents", table(statistics.agents)),
            ])
        ).bytes
    }

    /// Counts what an earlier run has kept. What cannot be read is left out: these are figures, not facts.
    static func read(_ bytes: [UInt8], into statistics: inout CallStatistics) {
        guard let value = try? JSONValue(parsing: bytes, limits: JSONLimits(nodes: 100_000)), value["version"] == 1
        else {
            return
        }
        if let total = value["total"]?.stringValue { statistics.restoreTotal(total) }
        func each(_ name: String, _ body: (String, String) -> Void) {
            for member in value[name]?.objectValue?.members ?? [] {
                if let text = member.value.stringValue { body(member.key, text) }
            }
        }
        each("servers") { statistics.servers.restore($0, $1) }
        each("tools") { statistics.tools.restore($0, $1) }
        each("agents") { statistics.agents.restore($0, $1) }
    }
}
