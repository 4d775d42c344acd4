import GateCore
import GateProtocol

/// Finding tools by name.
extension ToolCatalog {
    func resolve(_ name: String, _ visibility: Visibility) throws(GateError) -> ToolTarget {
        if case .server(let server) = visibility.selection {
            return try resolve(server: server, tool: name, visibility)
        }
        // The hot path: the exact exposed name, without the name book's lock.
        let snapshot = snapshot
        if let tool = snapshot.tool(named: name), visibility.sees(tool.target) { return tool.target }
        let (found, unlisted) = ask(.tools, visibility) {
            $0.resolve(name) { visibility.sees(.tool, $0.server, $0.tool) }
        }
        try refuseHeld(name, found, visibility)
        if case .unknown = found, let first = unlisted.first {
            if let slash = name.utf8.firstIndex(of: UInt8(ascii: "/")),
                let server = unlisted.first(where: { $0.sameBytes(as: String(name[..<slash])) })
            {
                let target = ToolTarget(server: server, tool: String(name[name.utf8.index(after: slash)...]))
                if visibility.sees(target) { return target }
            }
            throw GateError(
                .starting,
                "There is no tool '\(name)' yet, but server '\(first)' has not listed its tools. Try again shortly, or look "
                    + "at gate_status.", server: first, retryAfter: 2)
        }
        return try target(found, asked: name)
    }

    func resolve(server: String, tool: String, _ visibility: Visibility) throws(GateError) -> ToolTarget {
        guard visibility.sees(server), knows(server) else {
            throw GateError(
                .serverNotFound, "There is no server '\(server)'. GET /server/list shows which there are.",
                source: .caller, server: server)
        }
        let (found, unlisted) = ask(.tools, .server(server)) {
            $0.resolve(server: server, tool: tool) { visibility.sees(.tool, $0.server, $0.tool) }
        }
        try refuseHeld("\(server)/\(tool)", found, visibility)
        // Before its first listing nobody but the server knows what it offers: the call waits for it and the server judges.
        if !unlisted.isEmpty, case .unknown = found, visibility.sees(.tool, server, tool) {
            return ToolTarget(server: server, tool: tool)
        }
        return try target(found, asked: "\(server)/\(tool)")
    }

    /// A tool that is hidden until the operator approves it says so to whoever may see it, and no other one is taken for it.
    private func refuseHeld(
        _ name: String, _ found: NameBook.Resolution, _ visibility: Visibility
    ) throws(GateError) {
        func refuse(_ server: String, _ tool: String) throws(GateError) {
            guard visibility.sees(.tool, server, tool), let hold = hold(server, tool) else { return }
            throw hold.refusal(server: server, tool: tool)
        }
        switch found {
        case .gone(let record): return try refuse(record.server, record.tool)
        case .tool(let record):
            let isBare = record.tool.sameBytes(as: name) && !record.name.sameBytes(as: name)
            guard isBare else { return }
        case .ambiguous, .unknown: break
        }
        for server in holders(name) { try refuse(server, name) }
        guard case .unknown = found, let slash = name.utf8.firstIndex(of: UInt8(ascii: "/")) else { return }
        try refuse(String(name[..<slash]), String(name[name.utf8.index(after: slash)...]))
    }

    private func target(_ found: NameBook.Resolution, asked: String) throws(GateError) -> ToolTarget {
        switch found {
        case .tool(let record): return ToolTarget(server: record.server, tool: record.tool)
        case .ambiguous(let candidates):
            let names = candidates.prefix(10).map { "\($0.server)/\($0.tool)" }.joined(separator: ", ")
            throw GateError(
                .ambiguousTool, "Several servers have a tool '\(asked)': \(names). Say which.", source: .caller)
        case .gone(let record):
            throw GateError(
                .toolNotFound,
                "Server '\(record.server)' does not offer the tool '\(record.tool)' at the moment. "
                    + "Look at its status, or discover another tool.", source: .caller)
        case .unknown(let similar):
            let hint =
                similar.map { " Did you mean '\($0)'?" } ?? " Find tools by words with gate_discover or GET /discover."
            throw GateError(.toolNotFound, "There is no tool '\(asked)'.\(hint)", source: .caller)
        }
    }
}
