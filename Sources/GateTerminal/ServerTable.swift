package import GateProtocol

/// Servers as `gatecall servers` and `stonegate status` show them: a table, then advice for those that need it.
package enum ServerTable {
    package static func rendered(_ servers: [ServerInfo], width: Int?, style: Style) -> String {
        let hasSandbox = servers.contains { $0.details["sandbox"] != nil }
        var table = Table(
            [
                .init("SERVER"), .init("STATUS"), .init("TRANSPORT"), .init("TOOLS", .right), .init("UPTIME", .right),
                .init("CIRCUIT"), .init("CALLS", .right), .init("ERRORS", .right), .init("MEMORY", .right),
                .init("CPU", .right),
            ] + (hasSandbox ? [.init("SANDBOX")] : []))
        for server in servers {
            var row: [Table.Cell] = [
                .init(server.name, .bold), .init(server.status, emphasis(server.status)), .init(server.transport),
                .init("\(server.toolCount)"), .init(Spoken.time(seconds: server.uptimeSeconds)),
                .init(server.circuit, server.circuit == "closed" ? .plain : .yellow), .init("\(server.totalCalls)"),
                .init(Spoken.percent(server.errorRate)),
                .init(server.details["memory_bytes"]?.intValue.map(Spoken.bytes) ?? "-"),
                .init(server.details["cpu_seconds"]?.doubleValue.map(Spoken.seconds) ?? "-"),
            ]
            if hasSandbox { row.append(.init(sandbox(server))) }
            table.add(row)
        }
        return ([table.rendered(width: nil, style: style)] + servers.compactMap { advice($0, style) })
            .joined(separator: "\n")
    }

    /// What it is held to, without the reasons.
    private static func sandbox(_ server: ServerInfo) -> String {
        guard let text = server.details["sandbox"]?.stringValue else { return "-" }
        let end = text.firstIndex { $0 == ":" || $0 == ";" || $0 == "(" } ?? text.endIndex
        return String(text[..<end].trimmingSuffix { $0 == " " })
    }

    private static func emphasis(_ status: String) -> Style.Emphasis {
        switch status {
        case "running": .green
        case "disabled", "stopped": .dim
        case "crash_looping", "blocked": .red
        default: .yellow
        }
    }

    /// What an operator should know about a server that is not well; nil for one that is.
    private static func advice(_ server: ServerInfo, _ style: Style) -> String? {
        let isWell = server.status == "running" && server.circuit == "closed"
        let isOffOnPurpose = server.status == "disabled"
        guard !isWell, !isOffOnPurpose else { return nil }
        let advice = server.details["advice"]?.stringValue ?? ""
        if server.circuit == "closed", advice.utf8.starts(with: "Nothing to do".utf8) { return nil }
        var parts: [String] = []
        for key in ["reason", "last_error"] {
            guard let text = server.details[key]?.stringValue, !text.isEmpty else { continue }
            // The advice often says why already, and an error names the server once more.
            let core = text.replacing("Server '\(server.name)' ", with: "").trimmingSuffix(while: { ".!?".contains($0) }
            )
            guard !advice.contains(core), !parts.contains(where: { $0.contains(core) }) else { continue }
            parts.append(text.last.map { ".!?".contains($0) } == true ? text : text + ".")
        }
        if !advice.isEmpty { parts.append(advice) }
        if !advice.contains("next try in"), let seconds = server.details["next_retry_seconds"]?.intValue {
            parts.append("Next start in \(Spoken.time(seconds: seconds)).")
        }
        guard !parts.isEmpty else { return nil }
        return style.apply(.bold, SafeText.line(server.name)) + ": " + SafeText.line(parts.joined(separator: " "))
    }
}

extension StringProtocol {
    fileprivate func trimmingSuffix(while isTrimmed: (Character) -> Bool) -> SubSequence {
        guard let end = lastIndex(where: { !isTrimmed($0) }) else { return self[startIndex..<startIndex] }
        return self[...end]
    }
}
